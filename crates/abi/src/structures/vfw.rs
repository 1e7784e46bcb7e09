//! What messages to video codecs point at.

use super::{FourCc, Wide};

structures! {
    /// What `lParam2` of `DRV_OPEN` points at for a video codec; 0 when it is only configured.
    (C) IcOpen<P> as "ICOPEN" {
        /// How many bytes.
        size: u32 as dwSize,
        /// `vidc`; the codec refuses any other.
        kind: FourCc as fccType,
        /// The codec that is wanted.
        handler: FourCc as fccHandler,
        /// Version of the manager.
        version: u32 as dwVersion,
        /// What it is opened for (`ICMODE_*`).
        flags: u32 as dwFlags,
        /// Out: why the codec refuses (`ICERR_*`, as wide as an address).
        error: P as dwError,
        /// 0.
        reserved1: P as pV1Reserved,
        /// 0.
        reserved2: P as pV2Reserved,
        /// The device node.
        device_node: u32 as dnDevNode,
    }

    /// What `ICM_GETINFO` fills.
    (C) IcInfo as "ICINFO" {
        /// How many bytes.
        size: u32 as dwSize,
        /// `vidc`.
        kind: FourCc as fccType,
        /// The codec's code.
        handler: FourCc as fccHandler,
        /// What the codec can do (`VIDCF_*`).
        flags: u32 as dwFlags,
        /// Version of the codec.
        version: u32 as dwVersion,
        /// Version of the manager that the codec is for.
        manager_version: u32 as dwVersionICM,
        /// Short name.
        name: Wide<16> as szName,
        /// Long name.
        description: Wide<128> as szDescription,
        /// The module; the manager fills it.
        driver: Wide<128> as szDriver,
    }

    /// What `lParam1` of `ICM_COMPRESS` points at.
    (C) IcCompress<P> as "ICCOMPRESS" {
        /// `ICCOMPRESS_KEYFRAME` or 0.
        flags: u32 as dwFlags,
        /// Address of the output's format.
        output_format: P as lpbiOutput,
        /// Address of the output.
        output: P as lpOutput,
        /// Address of the input's format.
        input_format: P as lpbiInput,
        /// Address of the input.
        input: P as lpInput,
        /// Address for the code of the chunk, or 0.
        chunk: P as lpckid,
        /// Address for the flags in the index of an AVI file, or 0.
        index_flags: P as lpdwFlags,
        /// Number of the frame.
        frame: i32 as lFrameNum,
        /// How many bytes the frame may take; 0: any.
        frame_size: u32 as dwFrameSize,
        /// Quality from 0 to 10000.
        quality: u32 as dwQuality,
        /// Address of the previous frame's format, or 0.
        previous_format: P as lpbiPrev,
        /// Address of the previous frame, or 0.
        previous: P as lpPrev,
    }

    /// What `lParam1` of `ICM_DECOMPRESS` points at.
    (C) IcDecompress<P> as "ICDECOMPRESS" {
        /// `ICDECOMPRESS_*`
        flags: u32 as dwFlags,
        /// Address of the input's format.
        input_format: P as lpbiInput,
        /// Address of the input.
        input: P as lpInput,
        /// Address of the output's format.
        output_format: P as lpbiOutput,
        /// Address of the output.
        output: P as lpOutput,
        /// The code of the chunk.
        chunk: u32 as ckid,
    }

    /// What `lParam1` of `ICM_DECOMPRESSEX` and its kin points at.
    (C) IcDecompressEx<P> as "ICDECOMPRESSEX" {
        /// `ICDECOMPRESS_*`
        flags: u32 as dwFlags,
        /// Address of the source's format.
        source_format: P as lpbiSrc,
        /// Address of the source.
        source: P as lpSrc,
        /// Address of the destination's format.
        destination_format: P as lpbiDst,
        /// Address of the destination.
        destination: P as lpDst,
        /// Left edge in the destination.
        destination_x: i32 as xDst,
        /// Top edge in the destination.
        destination_y: i32 as yDst,
        /// Width in the destination.
        destination_width: i32 as dxDst,
        /// Height in the destination.
        destination_height: i32 as dyDst,
        /// Left edge in the source.
        source_x: i32 as xSrc,
        /// Top edge in the source.
        source_y: i32 as ySrc,
        /// Width in the source.
        source_width: i32 as dxSrc,
        /// Height in the source.
        source_height: i32 as dySrc,
    }

    /// What `lParam1` of `ICM_COMPRESS_FRAMES_INFO` points at.
    (C) IcCompressFrames<P> as "ICCOMPRESSFRAMES" {
        /// `ICCOMPRESSFRAMES_PADDING` or 0.
        flags: u32 as dwFlags,
        /// Address of the output's format.
        output_format: P as lpbiOutput,
        /// The application's value for the output.
        output: P as lOutput,
        /// Address of the input's format.
        input_format: P as lpbiInput,
        /// The application's value for the input.
        input: P as lInput,
        /// Number of the first frame.
        start: i32 as lStartFrame,
        /// How many frames.
        count: i32 as lFrameCount,
        /// Quality from 0 to 10000.
        quality: i32 as lQuality,
        /// Bytes in a second; 0: any.
        data_rate: i32 as lDataRate,
        /// From one key frame to the next; 0: as the codec likes.
        key_rate: i32 as lKeyRate,
        /// With `scale`: frames in a second are `rate / scale`.
        rate: u32 as dwRate,
        /// See `rate`.
        scale: u32 as dwScale,
        /// Bytes that the file adds to each frame.
        overhead: u32 as dwOverheadPerFrame,
        /// 0.
        reserved: u32 as dwReserved2,
        /// Where to get a frame from, or 0.
        get: P as GetData,
        /// Where to put a frame, or 0.
        put: P as PutData,
    }

    /// What `lParam1` of `ICM_SET_STATUS_PROC` points at.
    (C) IcSetStatusProc<P> as "ICSETSTATUSPROC" {
        /// 0.
        flags: u32 as dwFlags,
        /// The application's value.
        param: P as lParam,
        /// What to call, or 0.
        status: P as Status,
    }

    /// What `lParam1` of `ICM_DRAW_BEGIN` points at.
    (C) IcDrawBegin<P> as "ICDRAWBEGIN" {
        /// `ICDRAW_*`
        flags: u32 as dwFlags,
        /// The palette to draw with.
        palette: P as hpal,
        /// The window to draw in.
        window: P as hwnd,
        /// What to draw on.
        context: P as hdc,
        /// Left edge in the destination.
        destination_x: i32 as xDst,
        /// Top edge in the destination.
        destination_y: i32 as yDst,
        /// Width in the destination.
        destination_width: i32 as dxDst,
        /// Height in the destination.
        destination_height: i32 as dyDst,
        /// Address of the input's format.
        input_format: P as lpbi,
        /// Left edge in the source.
        source_x: i32 as xSrc,
        /// Top edge in the source.
        source_y: i32 as ySrc,
        /// Width in the source.
        source_width: i32 as dxSrc,
        /// Height in the source.
        source_height: i32 as dySrc,
        /// With `scale`: frames in a second are `rate / scale`.
        rate: u32 as dwRate,
        /// See `rate`.
        scale: u32 as dwScale,
    }

    /// What `lParam1` of `ICM_DRAW` points at.
    (C) IcDraw<P> as "ICDRAW" {
        /// `ICDRAW_*`
        flags: u32 as dwFlags,
        /// Address of the input's format.
        format: P as lpFormat,
        /// Address of the input.
        data: P as lpData,
        /// How many bytes the input has.
        len: u32 as cbData,
        /// When it is to be drawn.
        time: i32 as lTime,
    }

    /// What `lParam1` of `ICM_DRAW_SUGGESTFORMAT` points at.
    (C) IcDrawSuggest<P> as "ICDRAWSUGGEST" {
        /// Address of the input's format.
        input_format: P as lpbiIn,
        /// Address for the format that is suggested, or 0.
        suggested: P as lpbiSuggest,
        /// Width in the source.
        source_width: i32 as dxSrc,
        /// Height in the source.
        source_height: i32 as dySrc,
        /// Width in the destination.
        destination_width: i32 as dxDst,
        /// Height in the destination.
        destination_height: i32 as dyDst,
        /// The codec that decompresses.
        decompressor: P as hicDecompressor,
    }

    /// What an application keeps of a sequence that it compresses.
    (C) CompVars<P> as "COMPVARS" {
        /// How many bytes.
        size: i32 as cbSize,
        /// `ICMF_COMPVARS_VALID` or 0.
        flags: u32 as dwFlags,
        /// The codec.
        codec: P as hic,
        /// `vidc`.
        kind: FourCc as fccType,
        /// The codec's code.
        handler: FourCc as fccHandler,
        /// Address of the input's format.
        input_format: P as lpbiIn,
        /// Address of the output's format.
        output_format: P as lpbiOut,
        /// Address of the last frame.
        output: P as lpBitsOut,
        /// Address of the previous picture, or 0.
        previous: P as lpBitsPrev,
        /// Number of the next frame.
        frame: i32 as lFrame,
        /// From one key frame to the next.
        key_every: i32 as lKey,
        /// Kilobytes in a second.
        data_rate: i32 as lDataRate,
        /// Quality from 0 to 10000; -1: the codec's default.
        quality: i32 as lQ,
        /// Frames since the last key frame.
        since_key: i32 as lKeyCount,
        /// Address of the codec's settings.
        state: P as lpState,
        /// How many bytes they have.
        state_size: i32 as cbState,
    }
}
