//! Time and randomness, passed in.

/// The world outside: a wall clock and random bytes.
pub trait Env {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// Fills `bytes` with random bytes fit for identifiers and salts.
    fn random(&self, bytes: &mut [u8]);

    /// Random bytes of a fixed length.
    fn random_array<const N: usize>(&self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut bytes = [0u8; N];
        self.random(&mut bytes);
        bytes
    }
}

impl<E: Env> Env for &E {
    fn now_ms(&self) -> u64 {
        (**self).now_ms()
    }

    fn random(&self, bytes: &mut [u8]) {
        (**self).random(bytes);
    }
}

impl<E: Env> Env for std::rc::Rc<E> {
    fn now_ms(&self) -> u64 {
        (**self).now_ms()
    }

    fn random(&self, bytes: &mut [u8]) {
        (**self).random(bytes);
    }
}
