/* The test of {{name}}. */
#include "host.h"
#include "messages.h"

static LRESULT say(Instance counter, UINT message, LPARAM lparam1) { return ask(counter, message, lparam1, 0); }

int main(int count, char **words)
{
    load(count, words);

    Instance first = open_instance("5", NULL), second = open_instance("", NULL);
    expect("the first opens", first.id != 0, 1);
    expect("the second opens", second.id != 0, 1);
    expect("no number is refused", open_instance("five", NULL).id, 0);
    expect("nor is one that is too long taken", open_instance("1234567890", NULL).id, 0);

    expect("5 + 7", say(first, COUNTER_ADD, 7), 12);
    expect("0 - 2", say(second, COUNTER_ADD, -2), -2);
    expect("each counts for itself", say(first, COUNTER_READ, 0), 12);
    expect("back to the start", say(first, COUNTER_RESET, 0), 5);
    expect("it has no dialog", say(first, DRV_QUERYCONFIGURE, 0), 0);

    expect("the first closes", say(first, DRV_CLOSE, 0), 1);
    expect("the second goes on", say(second, COUNTER_READ, 0), -2);
    expect("the second closes", say(second, DRV_CLOSE, 0), 1);
    return unload();
}
