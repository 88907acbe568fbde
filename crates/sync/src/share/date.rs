//! The header `Date` of an answer (RFC 9110, IMF-fixdate): what time it is at the share's server.

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Milliseconds since 1970, at the middle of the second that the header names; `None` for another form.
pub(super) fn read(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = parts.next()?.split(':').map(str::parse::<u64>);
    let mut next = |below: u64| clock.next()?.ok().filter(|n| *n < below);
    let seconds = (next(24)? * 60 + next(60)?) * 60 + next(61)?;
    if parts.next() != Some("GMT") || parts.next().is_some() {
        return None;
    }
    // The year begins in March, so that the odd day is its last.
    let (march, years) = ((month + 10) % 12, year - u64::from(month < 2));
    let days =
        years * 365 + years / 4 - years / 100 + years / 400 + (march * 153 + 2) / 5 + day - 1 - 719_468;
    Some((days * 86_400 + seconds) * 1000 + 500)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_form_of_every_server_and_no_other() {
        assert_eq!(read("Thu, 01 Jan 1970 00:00:00 GMT"), Some(500));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_500));
        assert_eq!(read("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199_500));
        assert_eq!(read("Fri, 01 Mar 2024 00:00:00 GMT"), Some(1_709_251_200_500));
        assert_eq!(read("Mon, 23 Nov 2026 18:33:20 GMT"), Some(1_795_458_800_500));
        for other in [
            "",
            "now",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 CET",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(read("Sun, 32 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(read("Sun, 06 Nov 0001 08:49:37 GMT"), None);
        assert_eq!(read("Sun, 06 Nov 1994 24:49:37 GMT"), None);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT and more"), None);
    }
}
