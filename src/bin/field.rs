//! The phone's bundle.

fn main() {
    gridbook::field::start();
}
