//! How long to wait before the next attempt.

use std::time::{Duration, SystemTime};

/// The wait that `Retry-After` asks for: seconds, whole or (outside RFC 9110, 10.2.3, yet seen)
/// decimal, or an HTTP date. A missing or unreadable value gives a quarter of a second, doubled
/// with each attempt. Not capped here.
pub(super) fn after(value: Option<&str>, attempts: u32) -> Duration {
    value.and_then(asked).unwrap_or_else(|| doubled(Duration::from_millis(250), attempts))
}

/// The wait after a refused connection: short, since a target that is booting needs little more.
pub(super) fn after_refusal(attempts: u32) -> Duration {
    doubled(Duration::from_millis(100), attempts)
}

fn doubled(first: Duration, attempts: u32) -> Duration {
    first * 2_u32.pow(attempts.saturating_sub(1).min(16))
}

fn asked(value: &str) -> Option<Duration> {
    let value = value.trim();
    if value.starts_with(|c: char| c.is_ascii_digit()) && value.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        let seconds: f64 = value.parse().ok()?;
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    // A date that has passed asks for no wait.
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits() {
        let ms = Duration::from_millis;
        for (value, attempts, want) in [
            (Some("0"), 1, ms(0)),
            (Some(" 2 "), 1, ms(2000)),
            (Some("0.05"), 1, ms(50)),
            (Some("-1"), 1, ms(250)),
            (Some("1.2.3"), 2, ms(500)),
            (Some("inf"), 3, ms(1000)),
            (Some("1e9"), 1, ms(250)),
            (Some("soon"), 1, ms(250)),
            (None, 3, ms(1000)),
            (Some("Thu, 01 Jan 1970 00:00:10 GMT"), 1, ms(0)),
        ] {
            assert_eq!(after(value, attempts), want, "{value:?}");
        }
        assert_eq!(after(Some(&"9".repeat(400)), 1), Duration::MAX);
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(10));
        assert!((8..=10).contains(&after(Some(&date), 1).as_secs()));
        assert_eq!((after_refusal(1), after_refusal(3)), (ms(100), ms(400)));
        assert!(after_refusal(u32::MAX) > ms(100_000));
    }
}
