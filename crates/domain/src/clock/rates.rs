//! How limits were kept in a period (domain data 4.14.1): shares over cases. Time without a network and paused time
//! count for nobody, because the limits already leave them out.

use super::{CaseClocks, ClockId, Limit, Phase};
use crate::share::Share;

/// Shares of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// 响应率: claimed, or returned and taken back, of the dispatches whose limit was due.
    pub response: Share,
    /// 及时响应率: the same within the limit.
    pub timely_response: Share,
    /// 办结率: done by the end of the period, of those whose limit was due.
    pub completion: Share,
    /// 按期办结率: done within the limit, of the same.
    pub on_time: Share,
    /// 超时率: cases with a limit that was exceeded, of the cases with a limit that was due.
    pub overtime: Share,
}

/// A limit is due in the period in which it passes, or in which it was met before.
fn due_in(limit: &Limit, from: u64, to: u64) -> bool {
    let at = match limit.phase {
        Phase::Ended(at) | Phase::Stopped(at) if at <= limit.due => at,
        // What stands still is not due.
        Phase::Paused(at) if at <= limit.due => return false,
        _ => limit.due,
    };
    (from..to).contains(&at)
}

/// The shares over these cases from one instant until before another.
pub fn rates<'a>(cases: impl IntoIterator<Item = &'a CaseClocks>, from: u64, to: u64) -> Rates {
    let mut rates = Rates::default();
    for case in cases {
        let (mut any, mut exceeded) = (false, false);
        for limit in case.limits.iter().filter(|limit| due_in(limit, from, to)) {
            let by_then = limit.ended().filter(|ended| *ended < to);
            let kept = by_then.is_some_and(|ended| ended <= limit.due);
            // Stopped in time is neither: somebody else has it now.
            let stopped = kept && matches!(limit.phase, Phase::Stopped(_));
            match limit.clock {
                ClockId::Respond => {
                    rates.response.count(by_then.is_some());
                    rates.timely_response.count(kept);
                }
                ClockId::Handle if !stopped => {
                    rates.completion.count(by_then.is_some());
                    rates.on_time.count(kept);
                }
                _ => {}
            }
            any |= !stopped || limit.clock == ClockId::Respond;
            exceeded |= !kept;
        }
        if any {
            rates.overtime.count(exceeded);
        }
    }
    rates
}
