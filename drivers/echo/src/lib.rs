//! The smallest useful installable driver.
