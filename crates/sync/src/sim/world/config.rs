//! What a seed decides about its run.

use crate::sim::net::Faults;
use crate::sim::share::Quirks;
use crate::sim::{Kind, Rng};

/// What a seed decides about its run.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) seed: u64,
    pub(super) kind: Kind,
    /// How the share's server misbehaves.
    pub(super) quirks: Quirks,
    /// The backend goes back to a backup once, while nothing else is lost.
    pub(super) restore: bool,
    /// How often a device is copied with all it holds.
    pub(super) copies: usize,
    pub(super) devices: usize,
    pub(super) steps: usize,
    pub(super) faults: Faults,
    pub(super) crash: u64,
    pub(super) store_faults: u64,
    pub(super) clocks: bool,
    /// Most operations in a push, as the backend says.
    pub(super) batch: usize,
    /// Most operations in a push that it really takes.
    pub(super) takes: usize,
    /// The backend passes over operations, and rows of the stores get lost: only a check finds that.
    pub(super) damage: bool,
}

impl Config {
    /// Small and large, calm and rough runs, all by seed.
    pub fn from_seed(kind: Kind, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5eed);
        let rough = rng.below(4);
        // Numbers of its own: a seed does with the server in memory what it always did.
        let mut odd = Rng::new(seed ^ 0x5ade);
        let quirks = Quirks {
            busy: rough * 2,
            cut: rough * 3,
            stale: rough * 6,
            no_tags: odd.chance(30),
            no_sizes: odd.chance(20),
            odd: odd.chance(40),
            no_conditions: odd.chance(20),
        };
        let restore = (kind.judges() || matches!(kind, Kind::Share(_))) && odd.chance(25);
        let copies = if restore || matches!(kind, Kind::Two(_)) || odd.chance(60) {
            0
        } else {
            1 + odd.below(2) as usize
        };
        let config = Self {
            seed,
            kind,
            quirks,
            restore,
            copies,
            devices: 2 + rng.below(3) as usize,
            steps: 150 + rng.below(250) as usize,
            faults: Faults {
                lose: rough * 8,
                repeat: rough * 5,
                cut: rough * 5,
                busy: rough * 4,
                slow_ms: 1 + rng.below(4000),
            },
            crash: rng.below(3),
            store_faults: rng.below(4),
            clocks: rng.chance(60),
            // Small ones, so that several are under way.
            batch: 1 + rng.below(8) as usize,
            takes: 1 + rng.below(12) as usize,
            damage: kind.judges() && !restore && copies == 0 && odd.chance(90),
        };
        // What was acknowledged after the backup and before the next pull, by a tab that is gone since, nobody
        // can know of: with a backup no tab dies.
        if restore { Self { crash: 0, store_faults: 0, ..config } } else { config }
    }

    /// The same seed as it was before devices were copied and the server in memory was restored.
    pub fn plain(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5eed);
        let _rough = rng.below(4);
        let (_devices, _steps, _slow) = (rng.below(3), rng.below(250), rng.below(4000));
        let (crash, store_faults) = (rng.below(3), rng.below(4));
        Self {
            restore: false,
            copies: 0,
            damage: false,
            crash,
            store_faults,
            ..Self::from_seed(Kind::Memory, seed)
        }
    }
}
