//! The device's own clock, measured by the backend's (OFF-02).

/// From here on people are told that a device's clock is off, milliseconds.
pub const TOLD_MS: u64 = 300_000;

/// What a device's clock is off, when people should be told: whether it is ahead, and how much, milliseconds. `drift_ms` is
/// the device's clock minus the backend's. Records keep the time as the device knew it; whoever counts limits corrects it
/// by what the authority measured when they arrived.
pub fn told(drift_ms: i64) -> Option<(bool, u64)> {
    let off = drift_ms.unsigned_abs();
    (off > TOLD_MS).then_some((drift_ms > 0, off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_beyond_five_minutes_and_in_which_direction() {
        for calm in [0, 1, -1, 300_000, -300_000] {
            assert_eq!(told(calm), None, "{calm}");
        }
        assert_eq!(told(300_001), Some((true, 300_001)));
        assert_eq!(told(-86_400_000), Some((false, 86_400_000)));
        assert_eq!(told(i64::MIN), Some((false, 1 << 63)));
    }
}
