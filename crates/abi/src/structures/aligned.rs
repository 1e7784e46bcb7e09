//! What messages to audio codecs point at, where each field stands at a multiple of its size.
//!
//! Windows packs these structures. The 64-bit codecs of Wine are built with a header that does not; those with addresses of 32 bits
//! come out the same either way.

structures! {
    /// What `ACMDM_FORMAT_SUGGEST` completes.
    (C) AcmDrvFormatSuggest<P> as "aligned_ACMDRVFORMATSUGGEST" {
        /// How many bytes.
        size: u32 as cbStruct,
        /// Which fields of the destination are given.
        flags: u32 as fdwSuggest,
        /// Address of the source format.
        source: P as pwfxSrc,
        /// How many bytes are there.
        source_size: u32 as cbwfxSrc,
        /// Address of the destination format.
        destination: P as pwfxDst,
        /// How many bytes are there.
        destination_size: u32 as cbwfxDst,
    }

    /// A conversion stream: what `lParam1` of `ACMDM_STREAM_*` points at.
    (C) AcmDrvStreamInstance<P> as "aligned_ACMDRVSTREAMINSTANCE" {
        /// How many bytes.
        size: u32 as cbStruct,
        /// Address of the source format.
        source: P as pwfxSrc,
        /// Address of the destination format.
        destination: P as pwfxDst,
        /// Address of the filter, or 0.
        filter: P as pwfltr,
        /// Where to call back.
        callback: P as dwCallback,
        /// What to call back with.
        callback_value: P as dwInstance,
        /// The flags of `acmStreamOpen`.
        open_flags: u32 as fdwOpen,
        /// The codec's own flags.
        driver_flags: u32 as fdwDriver,
        /// The codec's own value.
        driver_value: P as dwDriver,
        /// The stream's handle.
        stream: P as has,
    }

    /// One buffer: what `lParam2` of `ACMDM_STREAM_CONVERT` and its kin points at.
    (C) AcmDrvStreamHeader<P> as "aligned_ACMDRVSTREAMHEADER" {
        /// How many bytes.
        size: u32 as cbStruct,
        /// What became of the buffer.
        status: u32 as fdwStatus,
        /// The application's value.
        user: P as dwUser,
        /// Address of the source.
        source: P as pbSrc,
        /// How many bytes are there.
        source_length: u32 as cbSrcLength,
        /// Out: how many of them were used.
        source_used: u32 as cbSrcLengthUsed,
        /// The application's value.
        source_user: P as dwSrcUser,
        /// Address of the destination.
        destination: P as pbDst,
        /// How many bytes are there.
        destination_length: u32 as cbDstLength,
        /// Out: how many of them were written.
        destination_used: u32 as cbDstLengthUsed,
        /// The application's value.
        destination_user: P as dwDstUser,
        /// The flags of `acmStreamConvert`.
        convert_flags: u32 as fdwConvert,
        /// The codec's next buffer.
        next: P as padshNext,
        /// The codec's own flags.
        driver_flags: u32 as fdwDriver,
        /// The codec's own value.
        driver_value: P as dwDriver,
        /// The flags of `acmStreamPrepareHeader`.
        prepared_flags: u32 as fdwPrepared,
        /// The codec's own value.
        prepared_value: P as dwPrepared,
        /// The source that was prepared.
        prepared_source: P as pbPreparedSrc,
        /// Its length.
        prepared_source_length: u32 as cbPreparedSrcLength,
        /// The destination that was prepared.
        prepared_destination: P as pbPreparedDst,
        /// Its length.
        prepared_destination_length: u32 as cbPreparedDstLength,
    }
}
