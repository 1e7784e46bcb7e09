//! Tests that are run for drivers of 64 and of 32 bits.

/// Makes two tests of each function that takes a [`Width`](opendriver::Width): `wide::name` and `narrow::name`.
#[macro_export]
macro_rules! in_both_widths {
    ($($name:ident)*) => {
        mod wide {
            $(#[test]
            fn $name() {
                super::$name(opendriver::Width::W64);
            })*
        }
        mod narrow {
            $(#[test]
            fn $name() {
                super::$name(opendriver::Width::W32);
            })*
        }
    };
}
