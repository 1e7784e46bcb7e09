#!/bin/sh
# Tries an installed opendriver: tries.sh PREFIX, in the folder that has the drivers, the sound and what is expected.
set -eu
prefix=$1

test "$(command -v drv)" = "$prefix/bin/drv"
drv --version
drv doctor

drv open echo --times 3 --send DRV_USER,5,7 >echo.txt
cmp echo.txt expected/echo.txt

for width in x86_64 i386; do
    drv open "./$width/msadp32.acm" --times 3 >"$width.txt"
    cmp "$width.txt" "expected/$width.txt"
    drv convert tone.wav "$width.wav" --driver "./$width/msadp32.acm"
    cmp "$width.wav" "expected/$width.wav"
done

# Built elsewhere, with the headers of the same package; it finds the library by its name.
./adds >adds.txt
test "$(cat adds.txt)" = "5 + 7 = 12"
for name in libopendriver.so libwinmm.so libmsacm32.so libmsvfw32.so; do
    test "$(readlink -f "$prefix/lib/$name")" = "$(readlink -f "$prefix/lib/libopendriver.so.0")"
done
for file in pkgconfig/opendriver.pc cmake/opendriver/opendriver-config.cmake; do
    test -s "$prefix/lib/$file"
done

for page in "$prefix"/share/man/man1/drv.1.gz "$prefix"/share/man/man1/drv-open.1.gz; do
    zcat "$page" | grep -q '^\.TH drv'
done
bash -n "$prefix/share/bash-completion/completions/drv"
test -s "$prefix/share/zsh/vendor-completions/_drv"
test -s "$prefix/share/fish/vendor_completions.d/drv.fish"
test -s "$prefix/include/opendriver-driver.h"
for file in THIRD-PARTY LICENSE-MIT LICENSE-APACHE changelog.gz docs/drv.md; do
    test -s "$prefix/share/doc/opendriver/$file"
done
if test "$prefix" = /usr; then
    grep -q '^License: MIT or Apache-2.0$' /usr/share/doc/opendriver/copyright
    zcat /usr/share/doc/opendriver/changelog.Debian.gz | grep -q '^opendriver ('
fi
