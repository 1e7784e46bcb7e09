//! What messages to audio codecs point at.

use super::{FourCc, Wide};

structures! {
    /// What `lParam2` of `DRV_OPEN` points at for an audio codec; 0 when it is only configured.
    (C, packed) AcmDrvOpenDesc<P> as "ACMDRVOPENDESCW" {
        /// How many bytes.
        size: u32 as cbStruct,
        /// `audc`; the codec refuses any other.
        kind: FourCc as fccType,
        /// 0.
        component: FourCc as fccComp,
        /// Version of the manager: `0xAABBCCCC`, major, minor, build.
        version: u32 as dwVersion,
        /// The flags of `acmDriverOpen`.
        flags: u32 as dwFlags,
        /// Out: why the codec refuses.
        error: u32 as dwError,
        /// Address of the section's name.
        section: P as pszSectionName,
        /// Address of the alias.
        alias: P as pszAliasName,
        /// The device node.
        device_node: u32 as dnDevNode,
    }

    /// What `ACMDM_DRIVER_DETAILS` fills.
    (C, packed) AcmDriverDetails<P> as "ACMDRIVERDETAILSW" {
        /// How many bytes; set before the call.
        size: u32 as cbStruct,
        /// `audc`.
        kind: FourCc as fccType,
        /// 0.
        component: FourCc as fccComp,
        /// Maker.
        maker: u16 as wMid,
        /// Product.
        product: u16 as wPid,
        /// Version of the manager that the codec is for.
        manager_version: u32 as vdwACM,
        /// Version of the codec.
        version: u32 as vdwDriver,
        /// What the codec can do.
        support: u32 as fdwSupport,
        /// How many format tags there are.
        format_tags: u32 as cFormatTags,
        /// How many filter tags there are.
        filter_tags: u32 as cFilterTags,
        /// An icon, or 0.
        icon: P as hicon,
        /// Short name.
        short_name: Wide<32> as szShortName,
        /// Long name.
        long_name: Wide<128> as szLongName,
        /// Copyright.
        copyright: Wide<80> as szCopyright,
        /// Licence.
        licensing: Wide<128> as szLicensing,
        /// Features.
        features: Wide<512> as szFeatures,
    }

    /// What `ACMDM_FORMATTAG_DETAILS` fills.
    (C, packed) AcmFormatTagDetails as "ACMFORMATTAGDETAILSW" {
        /// How many bytes; set before the call.
        size: u32 as cbStruct,
        /// Which of the codec's tags, from 0.
        index: u32 as dwFormatTagIndex,
        /// The tag.
        tag: u32 as dwFormatTag,
        /// Bytes in the largest format of this tag.
        format_size: u32 as cbFormatSize,
        /// What the codec can do with it.
        support: u32 as fdwSupport,
        /// How many standard formats there are.
        standard_formats: u32 as cStandardFormats,
        /// Name of the tag.
        name: Wide<48> as szFormatTag,
    }

    /// What `ACMDM_FORMAT_DETAILS` fills.
    (C, packed) AcmFormatDetails<P> as "ACMFORMATDETAILSW" {
        /// How many bytes; set before the call.
        size: u32 as cbStruct,
        /// Which of the tag's formats, from 0.
        index: u32 as dwFormatIndex,
        /// The tag.
        tag: u32 as dwFormatTag,
        /// What the codec can do with it.
        support: u32 as fdwSupport,
        /// Address of the format.
        format: P as pwfx,
        /// How many bytes are there.
        format_size: u32 as cbwfx,
        /// Name of the format.
        name: Wide<128> as szFormat,
    }

    /// What `ACMDM_FILTERTAG_DETAILS` fills.
    (C, packed) AcmFilterTagDetails as "ACMFILTERTAGDETAILSW" {
        /// How many bytes; set before the call.
        size: u32 as cbStruct,
        /// Which of the codec's filter tags, from 0.
        index: u32 as dwFilterTagIndex,
        /// The tag.
        tag: u32 as dwFilterTag,
        /// Bytes in the largest filter of this tag.
        filter_size: u32 as cbFilterSize,
        /// What the codec can do with it.
        support: u32 as fdwSupport,
        /// How many standard filters there are.
        standard_filters: u32 as cStandardFilters,
        /// Name of the tag.
        name: Wide<48> as szFilterTag,
    }

    /// What `ACMDM_FILTER_DETAILS` fills.
    (C, packed) AcmFilterDetails<P> as "ACMFILTERDETAILSW" {
        /// How many bytes; set before the call.
        size: u32 as cbStruct,
        /// Which of the tag's filters, from 0.
        index: u32 as dwFilterIndex,
        /// The tag.
        tag: u32 as dwFilterTag,
        /// What the codec can do with it.
        support: u32 as fdwSupport,
        /// Address of the filter.
        filter: P as pwfltr,
        /// How many bytes are there.
        filter_size: u32 as cbwfltr,
        /// Name of the filter.
        name: Wide<128> as szFilter,
    }

    /// A filter; what it needs more follows.
    (C) WaveFilter as "WAVEFILTER" {
        /// How many bytes, those that follow included.
        size: u32 as cbStruct,
        /// What kind of filter (1: volume, 2: echo ...).
        tag: u32 as dwFilterTag,
        /// The filter's own flags.
        flags: u32 as fdwFilter,
        /// 0.
        reserved: [u32; 5] as dwReserved,
    }

    /// What `ACMDM_STREAM_SIZE` completes.
    (C, packed) AcmDrvStreamSize as "ACMDRVSTREAMSIZE" {
        /// How many bytes.
        size: u32 as cbStruct,
        /// Which of the lengths is given.
        flags: u32 as fdwSize,
        /// Bytes of source.
        source_length: u32 as cbSrcLength,
        /// Bytes of destination.
        destination_length: u32 as cbDstLength,
    }
}

/// Declares structures as Windows packs them, and in [`aligned`] where each field stands at a multiple of its size.
macro_rules! in_both_layouts {
    ($($(#[$meta:meta])* $name:ident<$address:ident> as $c_name:literal, $aligned:literal { $($fields:tt)* })*) => {
        structures! {$(
            $(#[$meta])*
            (C, packed) $name<$address> as $c_name { $($fields)* }
        )*}

        pub mod aligned {
            //! What messages to audio codecs point at, where each field stands at a multiple of its size.
            //!
            //! Windows packs these structures. The 64-bit codecs of Wine are built with a header that does not; those with addresses
            //! of 32 bits come out the same either way.

            structures! {$(
                $(#[$meta])*
                (C) $name<$address> as $aligned { $($fields)* }
            )*}
        }
    };
}

in_both_layouts! {
    /// What `ACMDM_FORMAT_SUGGEST` completes.
    AcmDrvFormatSuggest<P> as "ACMDRVFORMATSUGGEST", "aligned_ACMDRVFORMATSUGGEST" {
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
    AcmDrvStreamInstance<P> as "ACMDRVSTREAMINSTANCE", "aligned_ACMDRVSTREAMINSTANCE" {
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
    AcmDrvStreamHeader<P> as "ACMDRVSTREAMHEADER", "aligned_ACMDRVSTREAMHEADER" {
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
