/* Opens a driver once, as `drv open FILE` does, and says nothing: what whole processes are compared with.
 *
 *   open.exe FILE */

#include <windows.h>
#include <mmsystem.h>

int main(int argc, char **argv)
{
    WCHAR name[1024];
    if (argc != 2 || !MultiByteToWideChar(CP_UTF8, 0, argv[1], -1, name, 1024))
        return 2;
    HDRVR driver = OpenDriver(name, NULL, 0);
    if (!driver)
        return 1;
    return CloseDriver(driver, 0, 0) ? 0 : 1;
}
