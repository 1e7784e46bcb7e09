// Asks drivers, converts a WAV and decodes an AVI, through winmm.dll, Msacm32.dll and msvfw32.dll as on Windows.
//
//   Codecs.exe list
//   Codecs.exe ask FILE
//   Codecs.exe convert IN.wav OUT.wav TAG
//   Codecs.exe frames IN.avi OUT.raw [BITS]

using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Ansi, Pack = 2)]
class WaveFormat
{
    public ushort Tag;
    public ushort Channels;
    public int SampleRate;
    public int AverageBytesPerSecond;
    public ushort BlockAlign;
    public ushort BitsPerSample;
    public ushort ExtraSize;

    // What follows differs from tag to tag; there is room for all that drivers write.
    [MarshalAs(UnmanagedType.ByValArray, SizeConst = 128)]
    public byte[] Extra = new byte[128];

    public byte[] ToBytes()
    {
        IntPtr memory = Marshal.AllocHGlobal(Marshal.SizeOf(this));
        Marshal.StructureToPtr(this, memory, false);
        var bytes = new byte[Tag == 1 ? 16 : 18 + ExtraSize];
        Marshal.Copy(memory, bytes, 0, bytes.Length);
        Marshal.FreeHGlobal(memory);
        return bytes;
    }

    public static WaveFormat FromBytes(byte[] bytes)
    {
        IntPtr memory = Marshal.AllocHGlobal(Marshal.SizeOf(typeof(WaveFormat)));
        Marshal.Copy(new byte[Marshal.SizeOf(typeof(WaveFormat))], 0, memory, Marshal.SizeOf(typeof(WaveFormat)));
        Marshal.Copy(bytes, 0, memory, bytes.Length);
        var format = new WaveFormat();
        Marshal.PtrToStructure(memory, format);
        Marshal.FreeHGlobal(memory);
        return format;
    }
}

[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode, Pack = 2)]
struct DriverDetails
{
    public int Size;
    public uint Type, Kind;
    public ushort Manufacturer, Product;
    public uint AcmVersion, DriverVersion, Support, FormatTags, FilterTags;
    public IntPtr Icon;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 32)] public string ShortName;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 128)] public string LongName;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 80)] public string Copyright;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 128)] public string Licensing;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 512)] public string Features;
}

[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode, Pack = 4)]
struct TagDetails
{
    public int Size;
    public int Index, Tag, FormatSize;
    public uint Support;
    public int Formats;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 48)] public string Name;
}

[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode, Pack = 4)]
struct FormatDetails
{
    public int Size;
    public int Index, Tag;
    public uint Support;
    public IntPtr Format;
    public int FormatBytes;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 128)] public string Text;
}

[StructLayout(LayoutKind.Sequential)]
class StreamHeader
{
    public int Size;
    public uint Status;
    public IntPtr User;
    public IntPtr Source;
    public int SourceLength, SourceUsed;
    public IntPtr SourceUser;
    public IntPtr Target;
    public int TargetLength, TargetUsed;
    public IntPtr TargetUser;
    [MarshalAs(UnmanagedType.ByValArray, SizeConst = 15)]
    public int[] Reserved = new int[15];
}

[StructLayout(LayoutKind.Sequential)]
struct BitmapHeader
{
    public int Size, Width, Height;
    public short Planes, Bits;
    public int Compression, ImageSize, HorizontalResolution, VerticalResolution, Colours, ImportantColours;
}

static class Native
{
    public delegate bool DriverCallback(IntPtr id, IntPtr instance, uint support);
    public delegate bool FormatCallback(IntPtr id, ref FormatDetails details, IntPtr instance, uint support);

    [DllImport("winmm.dll", CharSet = CharSet.Unicode)]
    public static extern IntPtr OpenDriver(string name, string section, IntPtr parameter);
    [DllImport("winmm.dll")]
    public static extern IntPtr SendDriverMessage(IntPtr driver, uint message, IntPtr first, IntPtr second);
    [DllImport("winmm.dll")]
    public static extern IntPtr CloseDriver(IntPtr driver, IntPtr first, IntPtr second);

    [DllImport("libopendriver.so.0")]
    public static extern IntPtr opendriver_last_error();
    [DllImport("libopendriver.so.0")]
    public static extern IntPtr opendriver_alloc(IntPtr driver, IntPtr size);
    [DllImport("libopendriver.so.0")]
    public static extern int opendriver_free(IntPtr memory);

    [DllImport("Msacm32.dll")]
    public static extern int acmDriverEnum(DriverCallback callback, IntPtr instance, int flags);
    [DllImport("Msacm32.dll", EntryPoint = "acmDriverDetailsW")]
    public static extern int acmDriverDetails(IntPtr id, ref DriverDetails details, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmDriverOpen(out IntPtr driver, IntPtr id, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmDriverClose(IntPtr driver, int flags);
    [DllImport("Msacm32.dll", EntryPoint = "acmFormatEnumW")]
    public static extern int acmFormatEnum(IntPtr driver, ref FormatDetails details, FormatCallback callback,
        IntPtr instance, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmMetrics(IntPtr thing, int metric, out int value);
    [DllImport("Msacm32.dll")]
    public static extern int acmFormatSuggest(IntPtr driver,
        [In, MarshalAs(UnmanagedType.LPStruct)] WaveFormat from,
        [In, Out, MarshalAs(UnmanagedType.LPStruct)] WaveFormat to, int size, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmStreamOpen(out IntPtr stream, IntPtr driver,
        [In, MarshalAs(UnmanagedType.LPStruct)] WaveFormat from, [In, MarshalAs(UnmanagedType.LPStruct)] WaveFormat to,
        IntPtr filter, IntPtr callback, IntPtr instance, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmStreamSize(IntPtr stream, int input, out int output, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmStreamPrepareHeader(IntPtr stream, [In, Out] StreamHeader header, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmStreamConvert(IntPtr stream, [In, Out] StreamHeader header, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmStreamUnprepareHeader(IntPtr stream, [In, Out] StreamHeader header, int flags);
    [DllImport("Msacm32.dll")]
    public static extern int acmStreamClose(IntPtr stream, int flags);

    [DllImport("msvfw32.dll")]
    public static extern IntPtr ICLocate(uint type, uint handler, byte[] from, byte[] to, short mode);
    [DllImport("msvfw32.dll")]
    public static extern IntPtr ICSendMessage(IntPtr codec, uint message, byte[] first, byte[] second);
    [DllImport("MSVFW32.dll", CallingConvention = CallingConvention.Cdecl)]
    public static extern int ICDecompress(IntPtr codec, uint flags, byte[] from, byte[] data, byte[] to, byte[] picture);
    [DllImport("MSVFW32.dll")]
    public static extern int ICClose(IntPtr codec);
}

static class Codecs
{
    // What every ACM driver answers, from the driver kit's msacmdrv.h.
    const uint TagDetailsMessage = 0x4000 + 0x2000 + 25;

    static void Succeed(long result, string what)
    {
        if (result != 0)
            throw new InvalidOperationException(what + " answers " + result + ": "
                + Marshal.PtrToStringAnsi(Native.opendriver_last_error()));
    }

    static IEnumerable<KeyValuePair<string, byte[]>> Chunks(byte[] file)
    {
        for (int at = 0; at + 8 <= file.Length;)
        {
            string name = Encoding.ASCII.GetString(file, at, 4);
            if (name == "RIFF" || name == "LIST")
            {
                at += 12;
                continue;
            }
            int size = BitConverter.ToInt32(file, at + 4);
            var bytes = new byte[size];
            Array.Copy(file, at + 8, bytes, 0, size);
            yield return new KeyValuePair<string, byte[]>(name, bytes);
            at += 8 + size + (size & 1);
        }
    }

    static void List()
    {
        Native.DriverCallback driver = (id, instance, support) =>
        {
            var details = new DriverDetails { Size = Marshal.SizeOf(typeof(DriverDetails)) };
            Succeed(Native.acmDriverDetails(id, ref details, 0), "acmDriverDetails");
            Console.WriteLine("{0}: {1} tags", details.LongName, details.FormatTags);
            int size;
            Succeed(Native.acmMetrics(IntPtr.Zero, 50, out size), "acmMetrics");
            var format = new FormatDetails { Size = Marshal.SizeOf(typeof(FormatDetails)), FormatBytes = size };
            format.Format = Marshal.AllocHGlobal(size);
            Marshal.Copy(new byte[size], 0, format.Format, size);
            IntPtr open;
            Succeed(Native.acmDriverOpen(out open, id, 0), "acmDriverOpen");
            Native.FormatCallback each = (IntPtr of, ref FormatDetails found, IntPtr value, uint can) =>
            {
                Console.WriteLine("  {0:x} {1}", found.Tag, found.Text);
                return true;
            };
            Succeed(Native.acmFormatEnum(open, ref format, each, IntPtr.Zero, 0), "acmFormatEnum");
            Succeed(Native.acmDriverClose(open, 0), "acmDriverClose");
            Marshal.FreeHGlobal(format.Format);
            return true;
        };
        Succeed(Native.acmDriverEnum(driver, IntPtr.Zero, 0), "acmDriverEnum");
    }

    static void Ask(string file)
    {
        IntPtr driver = Native.OpenDriver(file, null, IntPtr.Zero);
        Succeed(driver == IntPtr.Zero ? 1 : 0, "OpenDriver");
        // A driver of 32 bits reaches memory that is made for it only; one of 64 bits reaches that, too.
        var details = new TagDetails { Size = Marshal.SizeOf(typeof(TagDetails)), Index = 1 };
        IntPtr memory = Native.opendriver_alloc(driver, (IntPtr)details.Size);
        Marshal.StructureToPtr(details, memory, false);
        Succeed((long)Native.SendDriverMessage(driver, TagDetailsMessage, memory, IntPtr.Zero), "the driver");
        details = (TagDetails)Marshal.PtrToStructure(memory, typeof(TagDetails));
        Native.opendriver_free(memory);
        Console.WriteLine(details.Name);
        Native.CloseDriver(driver, IntPtr.Zero, IntPtr.Zero);
    }

    static void Convert(string input, string output, ushort tag)
    {
        byte[] data = null;
        WaveFormat from = null;
        foreach (var chunk in Chunks(File.ReadAllBytes(input)))
        {
            if (chunk.Key == "fmt ")
                from = WaveFormat.FromBytes(chunk.Value);
            else if (chunk.Key == "data")
                data = chunk.Value;
        }
        int most;
        Succeed(Native.acmMetrics(IntPtr.Zero, 50, out most), "acmMetrics");
        var to = new WaveFormat { Tag = tag, BitsPerSample = 16 };
        Succeed(Native.acmFormatSuggest(IntPtr.Zero, from, to, Math.Min(most, Marshal.SizeOf(to)),
            tag == 1 ? 0x90000 : 0x10000), "acmFormatSuggest");

        IntPtr stream;
        int room;
        Succeed(Native.acmStreamOpen(out stream, IntPtr.Zero, from, to, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, 4),
            "acmStreamOpen");
        Succeed(Native.acmStreamSize(stream, data.Length, out room, 0), "acmStreamSize");
        var made = new byte[room];
        // The library keeps the header's address while it is prepared, and the buffers': nothing of it may move.
        GCHandle source = GCHandle.Alloc(data, GCHandleType.Pinned), target = GCHandle.Alloc(made, GCHandleType.Pinned);
        var header = new StreamHeader
        {
            Size = Marshal.SizeOf(typeof(StreamHeader)),
            Source = source.AddrOfPinnedObject(),
            SourceLength = data.Length,
            Target = target.AddrOfPinnedObject(),
            TargetLength = room,
        };
        Succeed(Native.acmStreamPrepareHeader(stream, header, 0), "acmStreamPrepareHeader");
        Succeed(Native.acmStreamConvert(stream, header, 0x30), "acmStreamConvert");
        Succeed(Native.acmStreamUnprepareHeader(stream, header, 0), "acmStreamUnprepareHeader");
        Succeed(Native.acmStreamClose(stream, 0), "acmStreamClose");
        source.Free();
        target.Free();

        Console.WriteLine("{0} bytes became {1}", data.Length, header.TargetUsed);
        byte[] format = to.ToBytes();
        using (var file = new BinaryWriter(File.Create(output)))
        {
            int used = header.TargetUsed;
            file.Write(Encoding.ASCII.GetBytes("RIFF"));
            file.Write(4 + 8 + format.Length + 8 + used + (used & 1));
            file.Write(Encoding.ASCII.GetBytes("WAVEfmt "));
            file.Write(format.Length);
            file.Write(format);
            file.Write(Encoding.ASCII.GetBytes("data"));
            file.Write(used);
            file.Write(made, 0, used);
            if ((used & 1) == 1)
                file.Write((byte)0);
        }
    }

    static BitmapHeader Header(byte[] bytes)
    {
        GCHandle pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        var header = (BitmapHeader)Marshal.PtrToStructure(pinned.AddrOfPinnedObject(), typeof(BitmapHeader));
        pinned.Free();
        return header;
    }

    static void Frames(string input, string output, short bits)
    {
        uint handler = 0;
        int count = 0, stride = 0;
        IntPtr codec = IntPtr.Zero;
        byte[] from = null, to = null, picture = null;
        var header = new BitmapHeader();
        using (var file = new BinaryWriter(File.Create(output)))
        foreach (var chunk in Chunks(File.ReadAllBytes(input)))
        {
            if (chunk.Key == "strh")
            {
                handler = BitConverter.ToUInt32(chunk.Value, 4);
            }
            else if (chunk.Key == "strf" && codec == IntPtr.Zero)
            {
                from = chunk.Value;
                Array.Resize(ref from, from.Length + 1024);
                codec = Native.ICLocate(0x63646976, handler, from, null, 2);
                Succeed(codec == IntPtr.Zero ? 1 : 0, "ICLocate");
                to = new byte[(int)Native.ICSendMessage(codec, 0x400a, from, null) + 1024];
                Succeed((long)Native.ICSendMessage(codec, 0x400a, from, to), "the codec");
                if (bits != 0)
                {
                    BitConverter.GetBytes(bits).CopyTo(to, 14);
                    BitConverter.GetBytes(0).CopyTo(to, 16);
                }
                header = Header(to);
                stride = (header.Width * header.Bits + 31) / 32 * 4;
                picture = new byte[stride * Math.Abs(header.Height)];
                BitConverter.GetBytes(picture.Length).CopyTo(to, 20);
                Succeed((long)Native.ICSendMessage(codec, 0x400c, from, to), "the codec");
            }
            else if (codec != IntPtr.Zero && (chunk.Key.EndsWith("dc") || chunk.Key.EndsWith("db")))
            {
                BitConverter.GetBytes(chunk.Value.Length).CopyTo(from, 20);
                if (chunk.Value.Length > 0)
                    Succeed(Native.ICDecompress(codec, count == 0 ? 0 : 0x08000000u, from, chunk.Value, to, picture),
                        "ICDecompress");
                count++;
                for (int line = 0, lines = Math.Abs(header.Height); line < lines; line++)
                    file.Write(picture, (header.Height > 0 ? lines - 1 - line : line) * stride, header.Width * header.Bits / 8);
            }
        }
        if (codec != IntPtr.Zero)
        {
            Succeed((long)Native.ICSendMessage(codec, 0x400e, null, null), "the codec");
            Native.ICClose(codec);
        }
        Console.WriteLine("{0} frames", count);
    }

    static int Main(string[] words)
    {
        string verb = words.Length > 0 ? words[0] : "";
        try
        {
            if (verb == "list")
                List();
            else if (verb == "ask" && words.Length == 2)
                Ask(words[1]);
            else if (verb == "convert" && words.Length == 4)
                Convert(words[1], words[2], ushort.Parse(words[3]));
            else if (verb == "frames" && words.Length > 2)
                Frames(words[1], words[2], words.Length > 3 ? short.Parse(words[3]) : (short)0);
            else
            {
                Console.Error.WriteLine("usage: Codecs.exe list | ask FILE | convert IN OUT TAG | frames IN OUT [BITS]");
                return 2;
            }
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine("error: " + error.Message);
            return 1;
        }
        return 0;
    }
}
