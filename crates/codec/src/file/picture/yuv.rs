//! Pictures of brightness and colour, a strip of lines at a time.

use yuv::{
    BufferStoreMut, YuvConversionMode, YuvError, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

use super::Chroma;

/// Three planes of a strip: brightness, blue, red, and how wide their lines are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strip<P> {
    pub(super) chroma: Chroma,
    pub(super) width: usize,
    pub(super) lines: usize,
    pub(super) planes: [P; 3],
}

impl<P> Strip<P> {
    /// Samples in a line of colour, and lines of it.
    fn colour(&self) -> (usize, usize) {
        let width = self.chroma.width(self.width as u32);
        let lines = self.chroma.height(self.lines as u32);
        (width as usize, lines as usize)
    }
}

/// Makes brightness and colour of blue, green, red.
pub(super) fn from_bgr(bgr: &[u8], to: Strip<&mut [u8]>) -> Result<(), YuvError> {
    let (colour, _) = to.colour();
    let [y, u, v] = to.planes;
    let mut image = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: to.width as u32,
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: colour as u32,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: colour as u32,
        width: to.width as u32,
        height: to.lines as u32,
    };
    let convert = match to.chroma {
        Chroma::Full => yuv::bgr_to_yuv444,
        Chroma::Half => yuv::bgr_to_yuv422,
        Chroma::Quarter => yuv::bgr_to_yuv420,
    };
    convert(
        &mut image,
        bgr,
        to.width as u32 * 3,
        YuvRange::Limited,
        YuvStandardMatrix::Bt601,
        YuvConversionMode::Professional,
    )
}

/// Makes blue, green, red of brightness and colour.
pub(super) fn to_bgr(from: Strip<&[u8]>, bgr: &mut [u8]) -> Result<(), YuvError> {
    let (colour, _) = from.colour();
    let [y_plane, u_plane, v_plane] = from.planes;
    let image = YuvPlanarImage {
        y_plane,
        y_stride: from.width as u32,
        u_plane,
        u_stride: colour as u32,
        v_plane,
        v_stride: colour as u32,
        width: from.width as u32,
        height: from.lines as u32,
    };
    let convert = match from.chroma {
        Chroma::Full => yuv::yuv444_to_bgr,
        Chroma::Half => yuv::yuv422_to_bgr,
        Chroma::Quarter => yuv::yuv420_to_bgr,
    };
    convert(
        &image,
        bgr,
        from.width as u32 * 3,
        YuvRange::Limited,
        YuvStandardMatrix::Bt601,
    )
}

/// Takes a line of two pixels in four bytes apart. `first` is where brightness is: at 0 or at 1.
pub(super) fn apart(from: &[u8], first: usize, y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
    let (fours, _) = from.as_chunks::<4>();
    for ((four, u), v) in fours.iter().zip(u).zip(v) {
        *u = four[1 - first];
        *v = four[3 - first];
    }
    for (four, y) in fours.iter().zip(y.chunks_mut(2)) {
        y[0] = four[first];
        if let Some(second) = y.get_mut(1) {
            *second = four[first + 2];
        }
    }
}

/// Puts a line of two pixels in four bytes together. Of an odd width, the last pixel is there twice.
pub(super) fn together(y: &[u8], u: &[u8], v: &[u8], first: usize, to: &mut [u8]) {
    let (fours, _) = to.as_chunks_mut::<4>();
    for (((four, y), u), v) in fours.iter_mut().zip(y.chunks(2)).zip(u).zip(v) {
        four[first] = y[0];
        four[first + 2] = y[y.len() - 1];
        four[1 - first] = *u;
        four[3 - first] = *v;
    }
}

/// Gives a strip another measure of colour: neighbours share their mean, or what they shared.
pub(super) fn resample(from: Strip<&[u8]>, mut to: Strip<&mut [u8]>, line: &mut Vec<u8>) {
    to.planes[0].copy_from_slice(from.planes[0]);
    let (width, lines) = from.colour();
    let (to_width, to_lines) = to.colour();
    for (from, to) in from.planes[1..].iter().zip(&mut to.planes[1..]) {
        for (y, to) in to.chunks_exact_mut(to_width).enumerate() {
            let at = |y: usize| &from[y * width..(y + 1) * width];
            let source = match lines.cmp(&to_lines) {
                std::cmp::Ordering::Equal => at(y),
                std::cmp::Ordering::Less => at(y / 2),
                std::cmp::Ordering::Greater => {
                    let (upper, lower) = (at(y * 2), at((y * 2 + 1).min(lines - 1)));
                    line.clear();
                    line.extend(upper.iter().zip(lower).map(|(&a, &b)| mean(a, b)));
                    line.as_slice()
                }
            };
            match width.cmp(&to_width) {
                std::cmp::Ordering::Equal => to.copy_from_slice(source),
                std::cmp::Ordering::Less => {
                    for (to, &sample) in to.chunks_mut(2).zip(source) {
                        to.fill(sample);
                    }
                }
                std::cmp::Ordering::Greater => {
                    for (to, pair) in to.iter_mut().zip(source.chunks(2)) {
                        *to = mean(pair[0], pair[pair.len() - 1]);
                    }
                }
            }
        }
    }
}

fn mean(a: u8, b: u8) -> u8 {
    a.midpoint(b) + ((a ^ b) & 1)
}
