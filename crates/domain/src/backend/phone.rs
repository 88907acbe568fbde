//! Going on with another phone: what would be lost with the old one, and the way (OFF-01).

use super::Destination;

/// What a device holds that nobody else has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Operations that wait to be sent.
    pub waiting: usize,
    /// Operations that were refused and are kept here.
    pub held: usize,
    /// Photos and recordings that wait to be sent.
    pub photos: usize,
    /// Forms that were begun and not handed in.
    pub drafts: usize,
}

impl Left {
    /// Whether the device can be given up.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// What is left, in words; empty when nothing is.
    pub fn words(self) -> String {
        let parts = [
            (self.waiting, "条没有送出"),
            (self.held, "条需处理"),
            (self.photos, "张照片或录音没有传完"),
            (self.drafts, "张没写完的表"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        parts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join("，")
    }

    /// What to do about each of it.
    pub fn advice(self, to: Destination) -> String {
        let mut advice = Vec::new();
        if self.drafts > 0 {
            advice.push("没写完的表不会跟着走，先写完保存，或者删掉。");
        }
        if self.held > 0 {
            advice.push("需处理的先点进去改好再送，或者抄下来。");
        }
        if self.waiting + self.photos > 0 {
            advice.push(match to {
                Destination::Alone => "没有后端：用随身文件带走，装全部记录和照片。",
                Destination::Server | Destination::Share if self.waiting == 0 => {
                    "先联网等照片传完；设了只在 Wi-Fi 下传照片的，连上 Wi-Fi 或关掉那个开关。"
                }
                Destination::Server | Destination::Share => {
                    "先在这部手机上联网同步；没有网络就做一个随身文件，交给镇上管理员补交。"
                }
            });
        }
        advice.concat()
    }
}

/// How to go on with a new phone. `local`: the account lives on this device, without a server that knows it.
pub const fn steps(to: Destination, local: bool) -> &'static [&'static str] {
    const SYNC: &str = "在旧手机上点“立即同步”，等“待同步”“照片待传”“需处理”都变成 0，没写完的表写完。";
    const FILE: &str = "没有网络时做一个随身文件，把文件和口令分开交给镇上管理员，由他补交。";
    const COMES: &str = "等同步完成，户和记录会自动下载到新手机。";
    const TAKE: &str =
        "在旧手机上做一个随身文件，选“本机这个账号的全部记录和照片”，口令抄下来，和文件分开带。";
    const INVITE: &str =
        "请镇上管理员给您重新发一个邀请码；在新手机上打开它，填另外告诉的 12 位数字，设口令。";
    match (to, local) {
        (Destination::Server, false) => &[
            SYNC,
            FILE,
            "在新手机的浏览器里打开同一个网址，用同一个账号登录。",
            COMES,
            "旧手机上退出登录；旧手机丢了，请管理员停用它。",
        ],
        (Destination::Share, false) => &[
            SYNC,
            FILE,
            "在新手机的浏览器里打开同一个网址，用同一个账号登录，再到“我的 → 后端”里选同一个共享。",
            COMES,
            "旧手机上退出登录；旧手机丢了，请管理员停用账号，再改共享的密码。",
        ],
        (Destination::Alone, false) => &[
            TAKE,
            "在新手机的浏览器里打开同一个网址，用同一个账号登录，到“我的 → 后端”里选只存本机。",
            "在新手机的“随身文件”里打开带来的文件，核对条数。",
            "核对好以后，旧手机上退出登录。",
        ],
        (Destination::Server | Destination::Share, true) => &[
            SYNC,
            FILE,
            INVITE,
            COMES,
            "旧手机上退出登录；旧手机丢了，请管理员改共享的密码，再给大家重新发邀请码。",
        ],
        (Destination::Alone, true) => &[
            TAKE,
            INVITE,
            "在新手机的“随身文件”里打开带来的文件，核对条数。",
            "核对好以后，旧手机上退出登录。",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Destination; 3] = [Destination::Server, Destination::Share, Destination::Alone];

    #[test]
    fn a_phone_with_anything_left_is_not_given_up() {
        let none = Left::default();
        assert!(none.is_nothing() && none.words().is_empty());
        let each = [
            (Left { waiting: 2, ..none }, "2 条没有送出"),
            (Left { held: 1, ..none }, "1 条需处理"),
            (Left { photos: 3, ..none }, "3 张照片或录音没有传完"),
            (Left { drafts: 4, ..none }, "4 张没写完的表"),
        ];
        for (left, words) in each {
            assert!(!left.is_nothing(), "{left:?}");
            assert_eq!(left.words(), words);
            for to in ALL {
                assert!(!left.advice(to).is_empty(), "{left:?}: something is to be done");
            }
        }
        let both = Left { held: 1, photos: 3, ..none };
        assert_eq!(both.words(), "1 条需处理，3 张照片或录音没有传完");
        assert!(both.advice(Destination::Server).contains("Wi-Fi"));
    }

    #[test]
    fn the_way_fits_where_the_account_lives() {
        let told = |to, local| steps(to, local).concat();
        for to in ALL {
            let here = told(to, true);
            assert!(here.contains("邀请码"), "nobody signs in elsewhere: {here}");
            assert!(!here.contains("同一个账号登录") && !here.contains("停用"), "{here}");
            assert!(told(to, false).contains("同一个账号登录"));
        }
        assert!(told(Destination::Server, false).contains("停用"));
        assert!(told(Destination::Share, false).contains("同一个共享"));
        for local in [true, false] {
            assert!(
                told(Destination::Alone, local).contains("全部记录和照片"),
                "nothing is fetched from anywhere"
            );
            assert!(!told(Destination::Alone, local).contains("自动下载"));
        }
    }
}
