/*
 * adds.c - a program that was written for Windows and has an installed opendriver add two numbers.
 */
#include <stdio.h>
#include <windows.h>

int main(void)
{
    HDRVR echo = OpenDriverA("echo", NULL, 0);
    if (echo == NULL) {
        fputs("echo does not open\n", stderr);
        return 1;
    }
    printf("5 + 7 = %ld\n", (long)SendDriverMessage(echo, DRV_USER, 5, 7));
    return CloseDriver(echo, 0, 0) ? 0 : 1;
}
