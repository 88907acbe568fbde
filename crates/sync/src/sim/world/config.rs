//! What a seed decides about its run.

use crate::share::ShareKind;
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
    /// What came later than the rest, with numbers of its own.
    pub(super) wild: Wild,
}

/// See [`Config::wild`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wild {
    /// A store is lost with all in it.
    pub(super) evict: bool,
    /// An older copy of a store is put back.
    pub(super) put_back: bool,
    /// Clocks stand still now and then.
    pub(super) frozen: bool,
    /// Readers' places in the feed are compacted away. Nothing leaves anybody's view then: of that the feed says nothing
    /// to those who begin anew.
    pub(super) floor: bool,
    /// Somebody has a later program.
    pub(super) later: bool,
    /// Somebody writes in others' names.
    pub(super) forge: bool,
    /// Devices sign, and take only what is signed, where no server judges.
    pub(super) signs: bool,
    /// Of two backends it is the share that goes back.
    pub(super) share_goes_back: bool,
    /// Some photos are so large that they go up in parts. For the server in memory, which takes no bytes, half of them
    /// pass for such.
    pub(super) large: bool,
    /// Others may not read the head of one log.
    pub(super) forbid: bool,
}

impl Config {
    /// Small and large, calm and rough runs, all by seed.
    pub fn from_seed(kind: Kind, seed: u64) -> Self {
        let before = Self::before(kind, seed);
        let mut rng = Rng::new(seed ^ 0x311d);
        let two = kind.is_two();
        let restore = before.restore || two && rng.chance(25);
        let copies =
            if two && !restore && rng.chance(30) { 1 + rng.below(2) as usize } else { before.copies };
        let calm = !restore && copies == 0;
        let wild = Wild {
            // On a share two bearers of a name write over each other's log: what one of them lost with its store
            // nobody has. A share that goes back is made whole by those who wrote.
            evict: calm && rng.chance(20),
            put_back: calm && rng.chance(20),
            frozen: rng.chance(40),
            floor: !matches!(kind, Kind::Share(_)) && !restore && rng.chance(30),
            later: rng.chance(50),
            forge: rng.chance(50),
            signs: rng.chance(60),
            share_goes_back: rng.chance(50),
            large: kind.is_outside(),
            forbid: false,
        };
        let wild = Wild { forge: wild.forge && (kind.judges() || wild.signs), ..wild };
        let odd = before.faults.lose.min(8) / 2;
        let mut config = Self {
            restore,
            copies,
            quirks: Quirks { gzip_tags: rng.chance(30), between: odd / 2, ..before.quirks },
            faults: Faults { odd, ..before.faults },
            damage: before.damage && !wild.put_back,
            wild,
            ..before
        };
        // Drawn last: what came before it is as it was.
        config.wild.large |= rng.chance(50);
        let dav = matches!(kind, Kind::Share(ShareKind::WebDav) | Kind::Two(ShareKind::WebDav));
        config.wild.forbid = rng.chance(30) && dav && calm && !wild.put_back;
        if restore { Self { crash: 0, store_faults: 0, ..config } } else { config }
    }

    /// As a seed was before there was anything wild: kept seeds were found so.
    pub fn before(kind: Kind, seed: u64) -> Self {
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
            ..Quirks::default()
        };
        let restore = (kind.judges() || matches!(kind, Kind::Share(_))) && odd.chance(25);
        let copies = if restore || kind.is_two() || odd.chance(60) { 0 } else { 1 + odd.below(2) as usize };
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
                odd: 0,
            },
            crash: rng.below(3),
            store_faults: rng.below(4),
            clocks: rng.chance(60),
            // Small ones, so that several are under way.
            batch: 1 + rng.below(8) as usize,
            takes: 1 + rng.below(12) as usize,
            damage: kind.judges() && !restore && copies == 0 && odd.chance(90),
            wild: Wild::default(),
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
            ..Self::before(Kind::Memory, seed)
        }
    }
}
