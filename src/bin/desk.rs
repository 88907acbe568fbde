//! The desk's entry point.

fn main() {
    gridbook::desk::start();
}
