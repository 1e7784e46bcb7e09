//! `ws2_32.dll` and `wsock32.dll`: byte order and addresses; there is no network.

use crate::shim::{Addr, Dll, shims};

pub(super) static WS2_32: Dll = Dll {
    name: "ws2_32.dll",
    tables: &[SHIMS],
    names: &["wsock32.dll"],
    ordinals: &[
        (8, "htonl"),
        (9, "htons"),
        (10, "inet_addr"),
        (14, "ntohl"),
        (15, "ntohs"),
        (111, "WSAGetLastError"),
        (112, "WSASetLastError"),
        (115, "WSAStartup"),
        (116, "WSACleanup"),
    ],
    ..Dll::EMPTY
};

shims! {
    static SHIMS = "ws2_32.dll", stdcall;

    /// Turns a number of this machine into one of the network.
    fn htonl(cx, number: u32) -> u32 {
        Ok(number.to_be())
    }

    /// Turns a short number of this machine into one of the network.
    fn htons(cx, number: u16) -> u16 {
        Ok(number.to_be())
    }

    /// Turns a number of the network into one of this machine.
    fn ntohl(cx, number: u32) -> u32 {
        Ok(u32::from_be(number))
    }

    /// Turns a short number of the network into one of this machine.
    fn ntohs(cx, number: u16) -> u16 {
        Ok(u16::from_be(number))
    }

    /// Reads an address in the form `127.0.0.1`.
    fn inet_addr(cx, text: Addr) -> u32 {
        let address: Option<std::net::Ipv4Addr> = cx.text_a(text)?.parse().ok();
        Ok(address.map_or(u32::MAX, |address| u32::from(address).to_be()))
    }

    /// Prepares for the network; there is none.
    fn WSAStartup(cx, version: u16, data: Addr) -> i32 {
        /// `WSASYSNOTREADY`
        const NOT_READY: i32 = 10091;
        Ok(NOT_READY)
    }

    /// Ends what `WSAStartup` began, which is nothing.
    fn WSACleanup(cx) -> i32 {
        /// `WSANOTINITIALISED`
        const NOT_STARTED: u32 = 10093;
        cx.fail(NOT_STARTED, -1)
    }

    /// Answers why the last function of the network failed.
    fn WSAGetLastError(cx) -> u32 {
        Ok(cx.thread().last_error())
    }

    /// Sets why the last function of the network failed.
    fn WSASetLastError(cx, error: u32) {
        cx.set_last_error(error);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn bytes_are_turned_round() {
        let bench = Bench::new();
        assert_eq!(
            bench.ask("wsock32.dll", "htonl", &[0x0102_0304]),
            0x0403_0201
        );
        assert_eq!(bench.ask("ws2_32.dll", "ntohs", &[0x0102]), 0x0201);
        assert_eq!(
            bench.ask("ws2_32.dll", "inet_addr", &[bench.text("127.0.0.1")]),
            0x0100_007F
        );
        assert_eq!(
            bench.ask("ws2_32.dll", "inet_addr", &[bench.text("x")]),
            0xFFFF_FFFF
        );
    }
}
