/*
 * Pointers that lead nowhere, handles of all wrong kinds, structures that are too short: pointers NATIVE WIN64 WIN32.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <vfw.h>

#include "check.h"

static void *const WILD[] = {(void *)1, (void *)8, (void *)0xdead0000, (void *)0x7fffffffffff, (void *)-1, (void *)-8};
enum { WILDS = sizeof WILD / sizeof *WILD };

/* A page that can be read and has no end of text, right before one that cannot. */
static char *endless(void)
{
    long page = sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    memset(pages, 'a', page);
    CHECK(mprotect(pages + page, page, PROT_NONE) == 0);
    return pages + page - 8;
}

static void names(void)
{
    CHECK(!OpenDriver(NULL, NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "OpenDriver: the driver's name is null");
    CHECK(!OpenDriverA("", NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_PARAMETER, "empty");
    CHECK(!OpenDriverA("no such driver", NULL, 0));
    CHECK_ERROR(OPENDRIVER_NOT_INSTALLED, "no driver named \"no such driver\"");
    CHECK(!OpenDriverA("gr\xfcn", NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_TEXT, "UTF-8");
    const WCHAR half[] = {0xd800, 'x', 0};
    CHECK(!OpenDriver(half, NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_TEXT, "UTF-16");
    for (int i = 0; i < WILDS; i++) {
        CHECK(!OpenDriver(WILD[i], NULL, 0));
        CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
        CHECK(!OpenDriverA(WILD[i], NULL, 0));
        CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
        CHECK(!OpenDriverA("echo", WILD[i], 0));
        CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    }
    CHECK(!OpenDriverA(endless(), NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    CHECK(!OpenDriver((LPCWSTR)endless(), NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    static char longest[1 << 20];
    memset(longest, 'a', sizeof longest - 1);
    CHECK(!OpenDriverA(longest, NULL, 0));
    CHECK_ERROR(OPENDRIVER_BAD_TEXT, "does not end");
    /* A name that does end, right before nothing. */
    char *end = endless();
    memcpy(end, "pcm\0echo", 8);
    end[7] = 0;
    memcpy(end + 3, "echo", 5);
    HDRVR echo = OpenDriverA(end + 3, NULL, 0);
    CHECK(echo && CloseDriver(echo, 0, 0));
}

static void handles(void)
{
    HDRVR echo = OpenDriverA("echo", NULL, 0);
    CHECK(echo && GetDriverModuleHandle(echo) && GetDriverFlags(echo));
    CHECK(SendDriverMessage(echo, DRV_USER, 40, 2) == 42);
    CHECK(SendDriverMessage(echo, DRV_CLOSE, 0, 0) == 0);
    CHECK_ERROR(OPENDRIVER_BAD_MESSAGE, "SendDriverMessage: DRV_CLOSE is the system's to send");
    /* The same 32 bits with more above them are another handle. */
    HDRVR wide = (HDRVR)((uintptr_t)echo | (uintptr_t)1 << 32);
    HDRVR wrong[] = {NULL, wide, (HDRVR)1, (HDRVR)-1, (HDRVR)&echo, (HDRVR)((uintptr_t)echo ^ 0x80000000u)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!SendDriverMessage(wrong[i], DRV_USER, 1, 1));
        CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "SendDriverMessage");
        CHECK(!CloseDriver(wrong[i], 0, 0));
        CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "CloseDriver");
        CHECK(!GetDriverModuleHandle(wrong[i]) && !GetDriverFlags(wrong[i]));
        CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "GetDriverFlags");
        DRIVERINFOSTRUCT info = {.length = sizeof info};
        CHECK(!GetDriverInfo(wrong[i], &info));
        CHECK(!opendriver_alloc(wrong[i], 16));
        CHECK(wrong[i] == NULL || !GetNextDriver(wrong[i], GND_FORWARD));
    }
    CHECK(CloseDriver(echo, 0, 0) == 1);
    CHECK(!SendDriverMessage(echo, DRV_USER, 1, 1));
    CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "closed");
    CHECK(!CloseDriver(echo, 0, 0));
    CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "closed");
    CHECK(opendriver_last_blame() == OPENDRIVER_BLAME_NOBODY && !opendriver_last_error());
}

static void walks(void)
{
    HDRVR first = OpenDriverA("echo", NULL, 0), second = OpenDriverA("echo", NULL, 0);
    HDRVR other = OpenDriverA("pcm", NULL, 0);
    CHECK(first && second && other);
    CHECK(GetNextDriver(NULL, GND_FORWARD) == first && GetNextDriver(first, GND_FORWARD) == second);
    CHECK(GetNextDriver(second, GND_FORWARD) == other && !GetNextDriver(other, GND_FORWARD));
    CHECK(GetNextDriver(NULL, GND_REVERSE) == other && GetNextDriver(second, GND_REVERSE) == first);
    CHECK(GetNextDriver(first, GND_FIRSTINSTANCEONLY) == other);
    CHECK(GetNextDriver(other, GND_FIRSTINSTANCEONLY | GND_REVERSE) == first);
    CHECK(!GetNextDriver(NULL, 4));
    CHECK_ERROR(OPENDRIVER_BAD_PARAMETER, "GND_");
    for (UINT length = 0; length < 200; length++) {
        DRIVERINFOSTRUCT info[2];
        memset(info, 0xAA, sizeof info);
        info->length = length;
        BOOL known = length == sizeof *info || length == sizeof *info + 4;
        CHECK(GetDriverInfo(second, info) == known);
        CHECK(*((unsigned char *)info + (known ? length : 4)) == 0xAA);
        if (length == sizeof *info) {
            CHECK(info->hDriver == second && info->hModule == GetDriverModuleHandle(second));
            CHECK(strcmp(info->szAliasName, "echo") == 0);
        }
    }
    CHECK(!GetDriverInfo(second, NULL));
    for (int i = 0; i < WILDS; i++)
        CHECK(!GetDriverInfo(second, WILD[i]));
    static const UINT constant = sizeof(DRIVERINFOSTRUCT);
    CHECK(!GetDriverInfo(second, (DRIVERINFOSTRUCT *)&constant));
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    CHECK(CloseDriver(first, 0, 0) && GetNextDriver(NULL, GND_FIRSTINSTANCEONLY) == second);
    CHECK(CloseDriver(second, 0, 0) && CloseDriver(other, 0, 0));
    CHECK(!GetNextDriver(NULL, GND_FORWARD));
}

/* What the driver makes of a DRVCONFIGINFO: as long as its own, and the lengths of both texts. */
static void configures(const char *file, int width)
{
    HDRVR driver = OpenDriverA(file, NULL, 0);
    CHECK(driver);
    static const WCHAR section[] = {'D', 'r', 'v', 0}, alias[] = {0xfc, 0x20ac, 0};
    /* Drivers of Linux read UTF-8: two and three bytes. */
    int letters = strstr(file, ".so") ? 5 : 2;
    for (int more = 0; more < 12; more += 4) {
        struct {
            DRVCONFIGINFO info;
            char more[12];
        } given = {{sizeof given.info + more, section, alias}, {0}};
        LRESULT told = SendDriverMessage(driver, DRV_CONFIGURE, 7, (LPARAM)&given);
        CHECK(told == (4 + 2 * width / 8) * 1000 + 300 + letters + 7);
        CHECK(SendDriverMessage(driver, DRV_INSTALL, 0, (LPARAM)&given) == told - 7);
    }
    DRVCONFIGINFO bad = {4, section, alias};
    CHECK(!SendDriverMessage(driver, DRV_CONFIGURE, 0, (LPARAM)&bad));
    CHECK_ERROR(OPENDRIVER_BAD_PARAMETER, "dwDCISize is 4");
    for (int i = 0; i < WILDS; i++) {
        CHECK(!SendDriverMessage(driver, DRV_CONFIGURE, 0, (LPARAM)WILD[i]));
        CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
        DRVCONFIGINFO wild = {sizeof wild, section, WILD[i]};
        CHECK(!SendDriverMessage(driver, DRV_INSTALL, 0, (LPARAM)&wild));
        CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    }
    CHECK(SendDriverMessage(driver, DRV_CONFIGURE, 0, 0) == DRVCNF_OK);
    CHECK(CloseDriver(driver, 0, 0));
}

/* What codecs are opened with, in the driver's own layout, and why it refuses. */
static void opens(const char *file, int width)
{
    struct {
        DWORD dwSize;
        char fccType[4], fccHandler[4];
        DWORD dwVersion, dwFlags;
        LRESULT dwError;
        LPVOID pV1Reserved, pV2Reserved;
        DWORD dnDevNode;
    } icopen = {sizeof icopen, "vidc", "good", 1, 2, 0, 0, 0, 0};
    HDRVR driver = OpenDriverA(file, NULL, (LPARAM)&icopen);
    CHECK(driver);
    CHECK(SendDriverMessage(driver, DRV_USER + SIZE_OF_OPEN, 0, 0) == (width == 32 ? 36 : 56));
    memcpy(icopen.fccHandler, "nope", 4);
    CHECK(!OpenDriverA(file, NULL, (LPARAM)&icopen));
    CHECK_ERROR(OPENDRIVER_REFUSED, "refused DRV_OPEN");
    CHECK(icopen.dwError == -3);
    CHECK(SendDriverMessage(driver, DRV_USER, 1, 2) == 3);
    CHECK(CloseDriver(driver, 0, 0));
}

/* A codec is given the same, laid out for it. */
static void configures_codec(const char *file, int width)
{
    static const WCHAR section[] = {'D', 'r', 'v', 0}, alias[] = {'a', 'b', 0};
    DRVCONFIGINFO given = {sizeof given, section, alias}, bad = {4, section, alias};
    CHECK(opendriver_install("vidc.conf", NULL, file, NULL, NULL) == OPENDRIVER_OK);
    HIC codec = ICOpen(mmioFOURCC('v', 'i', 'd', 'c'), mmioFOURCC('c', 'o', 'n', 'f'), ICMODE_QUERY);
    CHECK(codec);
    CHECK(ICSendMessage(codec, DRV_CONFIGURE, 7, (DWORD_PTR)&given) == (4 + 2 * width / 8) * 1000 + 300 + 2 + 7);
    CHECK(ICSendMessage(codec, DRV_CONFIGURE, 7, 0) == DRVCNF_OK);
    CHECK(ICSendMessage(codec, DRV_CONFIGURE, 7, (DWORD_PTR)&bad) == ICERR_BADPARAM);
    CHECK_ERROR(OPENDRIVER_BAD_PARAMETER, "dwDCISize is 4");
    for (int i = 0; i < WILDS; i++)
        CHECK(ICSendMessage(codec, DRV_CONFIGURE, 7, (DWORD_PTR)WILD[i]) == ICERR_BADPARAM);
    CHECK(ICClose(codec) == ICERR_OK);
    CHECK(opendriver_remove("vidc.conf", NULL, NULL) == OPENDRIVER_OK);
}

/* What the program was given stays its own behind the session. */
static void keeps(const char *file)
{
    HDRVR driver = OpenDriverA(file, NULL, 0);
    uint32_t *numbers = opendriver_alloc(driver, 12);
    CHECK(numbers && opendriver_end_session() == OPENDRIVER_OK && !GetNextDriver(NULL, 0));
    CHECK(opendriver_size(numbers) == 12);
    numbers[2] = 1;
    CHECK(opendriver_free(numbers) == OPENDRIVER_OK);
}

static void reaches(const char *file, int width)
{
    HDRVR driver;
    LRESULT answer = 77;
    CHECK(opendriver_open(file, NULL, 5, &driver) == OPENDRIVER_OK);
    uint32_t *numbers = opendriver_alloc(driver, 12);
    CHECK(numbers && (width == 64 || (uintptr_t)numbers >> 32 == 0));
    numbers[0] = 40, numbers[1] = 2;
    CHECK(opendriver_send(driver, DRV_USER + ADD_STRUCT, (LPARAM)numbers, 0, &answer) == OPENDRIVER_OK);
    CHECK(answer == 1 && numbers[2] == 42);
    CHECK(opendriver_send(driver, DRV_USER + ADD, 0, 0, &answer) == OPENDRIVER_OK && answer == 0);
    CHECK(opendriver_send(driver, DRV_USER + ADD, 1, 2, NULL) == OPENDRIVER_OK);
    if (width == 32) {
        answer = 77;
        CHECK(opendriver_send(driver, DRV_USER, (LPARAM)1 << 40, 0, &answer) == OPENDRIVER_TOO_WIDE && answer == 0);
        CHECK(!SendDriverMessage(driver, DRV_USER, 0, (LPARAM)1 << 40));
        CHECK(!OpenDriverA(file, NULL, (LPARAM)1 << 40));
        CHECK_ERROR(OPENDRIVER_TOO_WIDE, "expected lParam2 of DRV_OPEN in 32 bits");
    }
    for (int i = 0; i < WILDS; i++)
        CHECK(opendriver_send(driver, DRV_USER, 0, 0, WILD[i]) == OPENDRIVER_BAD_POINTER);
    CHECK(opendriver_close(driver, 0, 0, WILD[0]) == OPENDRIVER_BAD_POINTER);
    CHECK(opendriver_close(driver, 0, 0, &answer) == OPENDRIVER_OK && answer == 1);
    CHECK(opendriver_close(driver, 0, 0, &answer) == OPENDRIVER_BAD_HANDLE && answer == 0);
    numbers[2] = 1;
    CHECK(opendriver_free(numbers) == OPENDRIVER_OK);
    CHECK(opendriver_free(numbers) == OPENDRIVER_BAD_POINTER && opendriver_free(&driver) == OPENDRIVER_BAD_POINTER);
    CHECK(opendriver_free(NULL) == OPENDRIVER_OK);
    CHECK(opendriver_open(file, NULL, 5, NULL) == OPENDRIVER_BAD_POINTER && !GetNextDriver(NULL, 0));
    CHECK(opendriver_open(file, NULL, 5, WILD[1]) == OPENDRIVER_BAD_POINTER && !GetNextDriver(NULL, 0));
}

static void breaks(const char *file)
{
    HDRVR driver = OpenDriverA(file, NULL, 0), other = OpenDriverA("echo", NULL, 0);
    CHECK(driver && other);
    CHECK(!SendDriverMessage(driver, DRV_USER + BREAK, 0, 0));
    CHECK(opendriver_last_blame() == OPENDRIVER_BLAME_BROKE);
    CHECK_ERROR(OPENDRIVER_BROKE, "write of address 0x20");
    CHECK(opendriver_send(driver, DRV_USER, 1, 2, NULL) == OPENDRIVER_BROKE);
    CHECK(SendDriverMessage(other, DRV_USER, 1, 2) == 3);
    CHECK(opendriver_end_session() == OPENDRIVER_OK && !GetNextDriver(NULL, 0));
    CHECK(!SendDriverMessage(other, DRV_USER, 1, 2));
}

static struct {
    HDRVR hdrvr;
    UINT message;
    DWORD_PTR user, param1, param2;
} heard;

static void hears(HDRVR hdrvr, UINT message, DWORD_PTR user, DWORD_PTR param1, DWORD_PTR param2)
{
    heard.hdrvr = hdrvr, heard.message = message, heard.user = user, heard.param1 = param1, heard.param2 = param2;
}

static void calls_back(void)
{
    HDRVR some = (HDRVR)0x1234;
    DWORD_PTR function = (DWORD_PTR)hears;
    CHECK(DriverCallback(function, DCB_FUNCTION, some, MM_WOM_DONE, 1, (DWORD_PTR)1 << 40, 3) == TRUE);
    CHECK(heard.hdrvr == some && heard.message == MM_WOM_DONE && heard.user == 1);
    CHECK(heard.param1 == (DWORD_PTR)1 << 40 && heard.param2 == 3);
    CHECK(DriverCallback(function, DCB_FUNCTION | DCB_NOSWITCH, some, 5, 0, 0, 0) && heard.message == 5);
    CHECK(!DriverCallback(0, DCB_FUNCTION, some, 6, 0, 0, 0) && !DriverCallback(function, DCB_NULL, some, 6, 0, 0, 0));
    CHECK(heard.message == 5 && !opendriver_last_error());
    CHECK(!DriverCallback(8, DCB_FUNCTION, some, 6, 0, 0, 0));
    CHECK_ERROR(OPENDRIVER_BAD_PARAMETER, "there is no memory");
    CHECK(!DriverCallback(function, DCB_WINDOW, some, 6, 0, 0, 0));
    CHECK_ERROR(OPENDRIVER_NOT_SUPPORTED, "windows");
    CHECK(!DriverCallback(function, DCB_TASK, some, 6, 0, 0, 0));
    CHECK_ERROR(OPENDRIVER_NOT_SUPPORTED, "queues");
    CHECK(!DriverCallback(function, 4, some, 6, 0, 0, 0) && !DriverCallback(function, 7, some, 6, 0, 0, 0));
    int event = eventfd(0, EFD_NONBLOCK), file = open("/dev/null", O_WRONLY);
    uint64_t count;
    CHECK(DriverCallback(event, DCB_EVENT, some, 6, 0, 0, 0) && DriverCallback(event, DCB_EVENT, some, 6, 0, 0, 0));
    CHECK(read(event, &count, sizeof count) == sizeof count && count == 2);
    CHECK(!DriverCallback(file, DCB_EVENT, some, 6, 0, 0, 0) && !DriverCallback(12345, DCB_EVENT, some, 6, 0, 0, 0));
    CHECK_ERROR(OPENDRIVER_BAD_PARAMETER, "eventfd");
    close(event);
    /* A counter that is full is set, and nobody waits for somebody to read it. */
    event = eventfd(0, 0), count = UINT64_MAX - 1;
    CHECK(write(event, &count, sizeof count) == sizeof count);
    CHECK(DriverCallback(event, DCB_EVENT, some, 6, 0, 0, 0));
    CHECK(read(event, &count, sizeof count) == sizeof count && count == UINT64_MAX - 1);
    close(event);
    close(file);
}

static void defaults(void)
{
    for (UINT message = 0; message < 0x900; message++) {
        LRESULT expected = (message >= DRV_LOAD && message <= DRV_ENABLE) ||
                           (message >= DRV_DISABLE && message <= DRV_FREE) ||
                           (message >= DRV_INSTALL && message <= DRV_REMOVE);
        CHECK(DefDriverProc(1, NULL, message, 2, 3) == expected);
        CHECK(DrvDefDriverProc(1, (HDRVR)1, message, 2, 3) == expected);
    }
    static const WCHAR name[] = {'e', 'c', 'h', 'o', 0};
    HDRVR first = DrvOpen(name, NULL, 0), second = DrvOpenA("echo", NULL, 0);
    CHECK(DrvSendMessage(first, DRV_USER, 1, 2) == 3 && DrvGetModuleHandle(first) == DrvGetModuleHandle(second));
    CHECK(DrvClose(first, 0, 0) && DrvClose(second, 0, 0));
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    alarm(600);
    names();
    handles();
    walks();
    calls_back();
    defaults();
    for (int i = 1; i < argc; i++) {
        int width = i == 3 ? 32 : 64;
        configures(argv[i], width);
        configures_codec(argv[i], width);
        keeps(argv[i]);
        opens(argv[i], width);
        reaches(argv[i], width);
    }
    for (int i = 1; i < argc; i++)
        breaks(argv[i]);
    CHECK(opendriver_set_isolation(OPENDRIVER_ISOLATION_BUILTIN) == OPENDRIVER_TOO_LATE);
    CHECK(opendriver_set_registry("x") == OPENDRIVER_TOO_LATE && opendriver_add_search_path("x") == OPENDRIVER_TOO_LATE);
    CHECK(opendriver_on_message(NULL, NULL) == OPENDRIVER_TOO_LATE);
    puts("done");
    return 0;
}
