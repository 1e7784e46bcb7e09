// Asks a driver, converts a WAV and decodes an AVI, with what is installed.
//
//   codecs ask FILE
//   codecs convert IN.wav OUT.wav TAG
//   codecs frames IN.avi OUT.raw [BITS]

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <windows.h>
#include <mmreg.h>
#include <msacm.h>
#include <vfw.h>

#include <opendriver.h>

using Bytes = std::vector<BYTE>;

// What every ACM driver answers, from the driver kit's msacmdrv.h.
constexpr UINT tag_details = DRV_USER + 0x2000 + 25;

static void succeed(LRESULT result, const char *what)
{
    if (result == 0)
        return;
    const char *why = opendriver_last_error();
    throw std::runtime_error(std::string(what) + " answers " + std::to_string(result) + ": " + (why ? why : ""));
}

struct DriverCloser {
    void operator()(HDRVR driver) const { CloseDriver(driver, 0, 0); }
};
using Driver = std::unique_ptr<std::remove_pointer_t<HDRVR>, DriverCloser>;

struct StreamCloser {
    void operator()(HACMSTREAM stream) const { acmStreamClose(stream, 0); }
};
using Stream = std::unique_ptr<std::remove_pointer_t<HACMSTREAM>, StreamCloser>;

struct CodecCloser {
    void operator()(HIC codec) const { ICClose(codec); }
};
using Codec = std::unique_ptr<std::remove_pointer_t<HIC>, CodecCloser>;

static Bytes contents(const char *name)
{
    std::ifstream file(name, std::ios::binary);
    if (!file)
        throw std::runtime_error(std::string(name) + " does not open");
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

// Calls `visit` with each chunk of a RIFF file, of lists with what is in them.
static void chunks(const Bytes &file, const std::function<void(const std::string &, const Bytes &)> &visit)
{
    for (std::size_t at = 0; at + 8 <= file.size();) {
        std::string name(file.begin() + at, file.begin() + at + 4);
        if (name == "RIFF" || name == "LIST") {
            at += 12;
            continue;
        }
        DWORD size;
        std::memcpy(&size, &file[at + 4], 4);
        if (size > file.size() - at - 8)
            throw std::runtime_error("the file ends inside of " + name);
        visit(name, Bytes(file.begin() + at + 8, file.begin() + at + 8 + size));
        at += 8 + size + (size & 1);
    }
}

static void ask(const char *name)
{
    std::u16string wide(name, name + std::strlen(name));
    Driver driver(OpenDriver(reinterpret_cast<LPCWSTR>(wide.c_str()), nullptr, 0));
    if (!driver)
        succeed(1, "OpenDriver");
    // A driver of 32 bits reaches memory that is made for it only; one of 64 bits reaches that, too.
    std::unique_ptr<ACMFORMATTAGDETAILSW, int (*)(void *)> details(
        static_cast<ACMFORMATTAGDETAILSW *>(opendriver_alloc(driver.get(), sizeof(ACMFORMATTAGDETAILSW))), opendriver_free);
    if (!details)
        succeed(1, "opendriver_alloc");
    details->cbStruct = sizeof *details;
    details->dwFormatTagIndex = 1;
    succeed(SendDriverMessage(driver.get(), tag_details, reinterpret_cast<LPARAM>(details.get()), ACM_FORMATTAGDETAILSF_INDEX),
            "the driver");
    for (const WCHAR *unit = details->szFormatTag; *unit; unit++)
        std::putchar(static_cast<char>(*unit));
    std::putchar('\n');
}

static Bytes converted(WAVEFORMATEX *from, WAVEFORMATEX *to, Bytes data)
{
    HACMSTREAM opened = nullptr;
    succeed(acmStreamOpen(&opened, nullptr, from, to, nullptr, 0, 0, ACM_STREAMOPENF_NONREALTIME), "acmStreamOpen");
    Stream stream(opened);
    DWORD room = 0;
    succeed(acmStreamSize(stream.get(), static_cast<DWORD>(data.size()), &room, ACM_STREAMSIZEF_SOURCE), "acmStreamSize");
    Bytes made(room);
    ACMSTREAMHEADER header = {};
    header.cbStruct = sizeof header;
    header.pbSrc = data.data();
    header.cbSrcLength = static_cast<DWORD>(data.size());
    header.pbDst = made.data();
    header.cbDstLength = room;
    succeed(acmStreamPrepareHeader(stream.get(), &header, 0), "acmStreamPrepareHeader");
    succeed(acmStreamConvert(stream.get(), &header, ACM_STREAMCONVERTF_START | ACM_STREAMCONVERTF_END), "acmStreamConvert");
    succeed(acmStreamUnprepareHeader(stream.get(), &header, 0), "acmStreamUnprepareHeader");
    made.resize(header.cbDstLengthUsed);
    return made;
}

static void convert(const char *input, const char *output, WORD tag)
{
    Bytes format, data;
    chunks(contents(input), [&](const std::string &name, const Bytes &bytes) {
        if (name == "fmt ")
            format = bytes;
        else if (name == "data")
            data = bytes;
    });
    // Plain samples have no cbSize in the file; here it is there, and 0.
    format.resize(std::max(format.size(), sizeof(WAVEFORMATEX)));
    auto *from = reinterpret_cast<WAVEFORMATEX *>(format.data());

    DWORD most = 0;
    succeed(acmMetrics(nullptr, ACM_METRIC_MAX_SIZE_FORMAT, &most), "acmMetrics");
    Bytes room(most);
    auto *to = reinterpret_cast<WAVEFORMATEX *>(room.data());
    to->wFormatTag = tag;
    to->wBitsPerSample = 16;
    DWORD wish = ACM_FORMATSUGGESTF_WFORMATTAG | (tag == WAVE_FORMAT_PCM ? ACM_FORMATSUGGESTF_WBITSPERSAMPLE : 0);
    succeed(acmFormatSuggest(nullptr, from, to, most, wish), "acmFormatSuggest");
    room.resize(tag == WAVE_FORMAT_PCM ? sizeof(PCMWAVEFORMAT) : sizeof *to + to->cbSize);

    Bytes made = converted(from, to, data);
    std::printf("%zu bytes became %zu\n", data.size(), made.size());
    std::ofstream file(output, std::ios::binary);
    auto number = [&](std::size_t value) {
        auto bytes = static_cast<DWORD>(value);
        file.write(reinterpret_cast<const char *>(&bytes), 4);
    };
    auto chunk = [&](const char *name, const Bytes &bytes) {
        file << name;
        number(bytes.size());
        file.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        if (bytes.size() & 1)
            file.put(0);
    };
    file << "RIFF";
    number(4 + 8 + room.size() + 8 + made.size() + (made.size() & 1));
    file << "WAVE";
    chunk("fmt ", room);
    chunk("data", made);
}

static void frames(const char *input, const char *output, WORD bits)
{
    DWORD handler = 0, count = 0;
    Bytes format, wanted, picture;
    Codec codec;
    BITMAPINFOHEADER *from = nullptr, *to = nullptr;
    std::ofstream file(output, std::ios::binary);
    chunks(contents(input), [&](const std::string &name, const Bytes &bytes) {
        if (name == "strh") {
            std::memcpy(&handler, &bytes[4], 4);
        } else if (name == "strf" && !codec) {
            format = bytes;
            format.resize(bytes.size() + 1024);
            from = reinterpret_cast<BITMAPINFOHEADER *>(format.data());
            codec.reset(ICLocate(ICTYPE_VIDEO, handler, from, nullptr, ICMODE_DECOMPRESS));
            if (!codec)
                succeed(1, "ICLocate");
            wanted.resize(static_cast<std::size_t>(ICDecompressGetFormatSize(codec.get(), from)) + 1024);
            to = reinterpret_cast<BITMAPINFOHEADER *>(wanted.data());
            succeed(ICDecompressGetFormat(codec.get(), from, to), "ICDecompressGetFormat");
            if (bits) {
                to->biBitCount = bits;
                to->biCompression = BI_RGB;
            }
            to->biSizeImage = static_cast<DWORD>((to->biWidth * to->biBitCount + 31) / 32 * 4 * std::abs(to->biHeight));
            succeed(ICDecompressBegin(codec.get(), from, to), "ICDecompressBegin");
            picture.resize(to->biSizeImage);
        } else if (codec && (name.substr(2) == "dc" || name.substr(2) == "db")) {
            Bytes frame = bytes;
            from->biSizeImage = static_cast<DWORD>(frame.size());
            if (!frame.empty())
                succeed(ICDecompress(codec.get(), count ? ICDECOMPRESS_NOTKEYFRAME : 0, from, frame.data(), to, picture.data()),
                        "ICDecompress");
            count++;
            LONG stride = (to->biWidth * to->biBitCount + 31) / 32 * 4, lines = std::abs(to->biHeight);
            for (LONG line = 0; line < lines; line++) {
                LONG stored = to->biHeight > 0 ? lines - 1 - line : line;
                file.write(reinterpret_cast<const char *>(&picture[stored * stride]), to->biWidth * to->biBitCount / 8);
            }
        }
    });
    if (codec)
        succeed(ICDecompressEnd(codec.get()), "ICDecompressEnd");
    std::printf("%u frames\n", count);
}

int main(int count, char **words)
{
    std::string verb = count > 2 ? words[1] : "";
    try {
        if (verb == "ask")
            ask(words[2]);
        else if (verb == "convert" && count == 5)
            convert(words[2], words[3], static_cast<WORD>(std::atoi(words[4])));
        else if (verb == "frames" && count > 3)
            frames(words[2], words[3], count > 4 ? static_cast<WORD>(std::atoi(words[4])) : 0);
        else
            return std::fprintf(stderr, "usage: codecs ask FILE | convert IN.wav OUT.wav TAG | frames IN.avi OUT.raw [BITS]\n"), 2;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
