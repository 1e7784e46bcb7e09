// Uses drivers that keep threads busy and break, beside a runtime that lives on signals of its own.
//
//   Restless.exe FOLDER DRIVER ...
//
// Each driver is tests/fixtures/restless.c. Those that break are copies of it in FOLDER: who broke once is not called again.

using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

static class Restless
{
    [DllImport("winmm.dll", CharSet = CharSet.Unicode)]
    static extern IntPtr OpenDriver(string name, string section, IntPtr parameter);
    [DllImport("winmm.dll")]
    static extern IntPtr SendDriverMessage(IntPtr driver, uint message, IntPtr first, IntPtr second);
    [DllImport("winmm.dll")]
    static extern IntPtr CloseDriver(IntPtr driver, IntPtr first, IntPtr second);
    [DllImport("libopendriver.so.0")]
    static extern IntPtr opendriver_last_error();

    const uint Count = 0x4000, Write = 0x4001, Divide = 0x4002, Recurse = 0x4003, Illegal = 0x4004, Ask = 0x4005;

    class Thing
    {
        public int Number = 1;
        public object Other = new object();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static int Look(Thing thing)
    {
        return thing.Number;
    }

    // The runtime finds both by signals.
    static void FailInside(string place)
    {
        try
        {
            Look(null);
            Console.WriteLine(place + ": no NullReferenceException");
        }
        catch (NullReferenceException)
        {
        }
        int zero = place.Length - place.Length;
        try
        {
            Console.WriteLine(place + ": no DivideByZeroException, but " + 1 / zero);
        }
        catch (DivideByZeroException)
        {
        }
    }

    // Threads that are in the driver most of the time, while this one collects.
    static void Collect(IntPtr driver, uint message, int rounds)
    {
        int running = 4, wrong = 0;
        var threads = new List<Thread>();
        for (int number = 0; number < 4; number++)
        {
            var thread = new Thread(() =>
            {
                for (int time = 0; time < 25; time++)
                {
                    var kept = new Thing();
                    IntPtr answer = SendDriverMessage(driver, message, (IntPtr)rounds, IntPtr.Zero);
                    if (answer == IntPtr.Zero || Look(kept) != 1 || kept.Other == null)
                        Interlocked.Increment(ref wrong);
                    FailInside("a thread");
                }
                Interlocked.Decrement(ref running);
            });
            threads.Add(thread);
            thread.Start();
        }
        int collections = 0;
        do
        {
            var garbage = new List<Thing>();
            for (int number = 0; number < 1000; number++)
                garbage.Add(new Thing());
            GC.Collect();
            collections++;
        } while (Volatile.Read(ref running) > 0);
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine("  collected while it ran: {0}, wrong answers: {1}", collections > 0, wrong);
    }

    static void Break(string file, uint message)
    {
        IntPtr driver = OpenDriver(file, null, IntPtr.Zero);
        IntPtr answer = SendDriverMessage(driver, message, (IntPtr)7, IntPtr.Zero);
        string why = Marshal.PtrToStringAnsi(opendriver_last_error()) ?? "nothing";
        int at = why.IndexOf(" at ", StringComparison.Ordinal);
        Console.WriteLine("  {0}: {1}", (long)answer, at < 0 ? why : why.Substring(0, at));
        FailInside("behind a broken driver");
        GC.Collect();
    }

    static int Main(string[] words)
    {
        FailInside("before all");
        for (int index = 1; index < words.Length; index++)
        {
            string file = words[index];
            IntPtr driver = OpenDriver(file, null, IntPtr.Zero);
            Console.WriteLine("driver {0}: {1}", index, driver != IntPtr.Zero);
            FailInside("with an open driver");
            Collect(driver, Count, 2000000);
            Collect(driver, Ask, 5000);
            foreach (uint message in new[] { Write, Divide, Recurse, Illegal })
            {
                string main = Path.Combine(words[0], index + "-" + message + "-main" + Path.GetExtension(file));
                File.Copy(file, main);
                Break(main, message);
                string other = Path.Combine(words[0], index + "-" + message + "-other" + Path.GetExtension(file));
                File.Copy(file, other);
                var thread = new Thread(() => Break(other, message));
                thread.Start();
                thread.Join();
            }
            Console.WriteLine("  still counts: {0}", SendDriverMessage(driver, Count, (IntPtr)4, IntPtr.Zero));
            Console.WriteLine("  closes: {0}", CloseDriver(driver, IntPtr.Zero, IntPtr.Zero));
        }
        FailInside("after all");
        GC.Collect();
        Console.WriteLine("done");
        return 0;
    }
}
