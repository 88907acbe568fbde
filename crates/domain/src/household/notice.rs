//! 告知书: what a household is told before anything about it is kept (PRIV-03): what, why, for how long, and whom to ask. One
//! page in plain words, to be read aloud, shown or printed.

/// What it is called.
pub const TITLE: &str = "个人信息告知书";

/// The paragraphs for a township; `phone` is that of its duty room, where it is known.
pub fn notice(township: &str, phone: Option<&str>) -> Vec<String> {
    let ask = phone.filter(|phone| !phone.is_empty()).map_or_else(
        || "找走访您家的网格员，或到镇协调服务中心。".to_owned(),
        |phone| format!("找走访您家的网格员，或打{township}的电话 {phone}。"),
    );
    [
        format!(
            "记什么：{township}为走访服务、排查安全隐患、化解矛盾纠纷，登记您家的住址、门牌、家庭成员姓名、电话、房屋和转移避险情况。低保、残疾、疾病等情况，只在办事用得上并且您同意时才记。"
        ),
        "给谁看：负责您这个网格的人、镇里和村里负责的人、办这件事的人能看。不对外提供，不公开，不给人打分。".to_owned(),
        "存多久：期限由镇里公示，想知道哪一样存多久可以问我们。您搬走、销户以后，您家的资料不再使用。".to_owned(),
        "您可以：查看记了您家什么，要求改正；有不必要的内容，告诉网格员或镇里，由他们改掉；不同意记敏感情况、不同意拍照，都不影响给您办事。未满十四岁孩子的信息，要监护人同意。".to_owned(),
        format!("有疑问：{ask}"),
    ]
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_why_how_long_and_whom_to_ask() {
        let told = notice("青禾镇", Some("0838-2345123"));
        let heads: Vec<&str> = told.iter().filter_map(|line| line.split('：').next()).collect();
        assert_eq!(heads, ["记什么", "给谁看", "存多久", "您可以", "有疑问"]);
        assert!(told[0].contains("青禾镇为走访服务"));
        assert!(told[4].ends_with("打青禾镇的电话 0838-2345123。"));
        for none in [None, Some("")] {
            assert!(notice("青禾镇", none)[4].ends_with("到镇协调服务中心。"));
        }
    }
}
