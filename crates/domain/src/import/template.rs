//! The four templates: columns, headers people use for them, an example row each.

/// Which template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TemplateId {
    /// 区域: nodes of the territory tree.
    Territory,
    /// 人员: staff, their roles, areas and units.
    Staff,
    /// 户: households.
    Households,
    /// 人: members of households.
    Persons,
}

impl TemplateId {
    /// All four, in the order they are imported in.
    pub const ALL: [Self; 4] = [Self::Territory, Self::Staff, Self::Households, Self::Persons];

    /// Machine name, as in file names and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Territory => "territory",
            Self::Staff => "staff",
            Self::Households => "households",
            Self::Persons => "persons",
        }
    }

    /// Reads the machine name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.as_str() == text)
    }

    /// Name of the worksheet.
    pub fn label(self) -> &'static str {
        match self {
            Self::Territory => "区域",
            Self::Staff => "人员",
            Self::Households => "户",
            Self::Persons => "人",
        }
    }

    /// The template itself.
    pub fn template(self) -> &'static Template {
        let [territory, staff, households, persons] = templates();
        match self {
            Self::Territory => territory,
            Self::Staff => staff,
            Self::Households => households,
            Self::Persons => persons,
        }
    }
}

/// What a column holds, hence how its cells are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text up to so many characters.
    Text(usize),
    /// An identifier written in letters and digits (account, unit code), up to so many characters.
    Ident(usize),
    /// A name of a person.
    Name,
    /// A territory code (4.2.1).
    AreaCode,
    /// Several territory codes.
    AreaCodes,
    /// A household code: territory code, `H`, four digits.
    HouseholdCode,
    /// One phone number.
    Phone,
    /// One or several phone numbers.
    Phones,
    /// A resident identity number.
    IdNumber,
    /// A full date, not in the future.
    Date,
    /// A birth date, or only the year.
    Birth,
    /// A whole number in a range.
    Int(i64, i64),
    /// 是 or 否.
    YesNo,
    /// One of (id, label).
    Choice(&'static [(&'static str, &'static str)]),
    /// Several of (id, label).
    Choices(&'static [(&'static str, &'static str)]),
    /// Several household categories, by label or id.
    Categories,
    /// Several roles, by label or id.
    Roles,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Field it fills.
    pub id: &'static str,
    /// Header the template prints.
    pub header: &'static str,
    /// Other headers that mean the same.
    pub aliases: &'static [&'static str],
    /// Whether a row needs it.
    pub required: bool,
    /// What it holds.
    pub kind: ColumnKind,
    /// Invented example.
    pub example: &'static str,
    /// What to write, in one line.
    pub help: &'static str,
}

/// One template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Which.
    pub id: TemplateId,
    /// Columns in the order printed.
    pub columns: &'static [Column],
}

impl Template {
    /// The column of that id.
    pub fn column(&self, id: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.id == id)
    }
}

const LEVELS: &[(&str, &str)] = &[
    ("county", "区县"),
    ("township", "镇街"),
    ("zone", "片"),
    ("village", "村"),
    ("group", "组"),
    ("micro_grid", "微网格"),
];
const GRID_KINDS: &[(&str, &str)] = &[("basic", "属地"), ("dedicated", "专属"), ("online", "线上")];
const THEMES: &[(&str, &str)] = &[
    ("geo", "地灾"),
    ("school", "校园"),
    ("hospital", "医院"),
    ("enterprise", "企业"),
    ("market", "市场"),
    ("site", "工地"),
];
const MICRO_UNITS: &[(&str, &str)] = &[
    ("commercial_residential", "商住楼"),
    ("old_courtyard", "老旧院落"),
    ("resettlement", "安置点"),
    ("market_town", "场镇"),
    ("linpan", "川西林盘"),
    ("natural_group", "自然村组"),
    ("scattered", "散居户"),
    ("enterprise_park", "企业园区"),
    ("institution", "学校医院"),
    ("market", "专业市场"),
];
const RESIDENCE: &[(&str, &str)] =
    &[("permanent", "常住"), ("seasonal", "季节"), ("away", "外出"), ("tenant", "租住"), ("vacant", "空置")];
const STRUCTURE: &[(&str, &str)] = &[
    ("brick_concrete", "砖混"),
    ("frame", "框架"),
    ("brick_wood", "砖木"),
    ("earth_wood", "土木"),
    ("other", "其他"),
];
const SAFETY: &[(&str, &str)] =
    &[("A", "A 级"), ("B", "B 级"), ("C", "C 级"), ("D", "D 级"), ("unknown", "未鉴定")];
const SEX: &[(&str, &str)] = &[("male", "男"), ("female", "女")];
/// Words for relations; several mean the same id.
const RELATION: &[(&str, &str)] = &[
    ("head", "户主"),
    ("spouse", "配偶"),
    ("son", "儿子"),
    ("daughter", "女儿"),
    ("child_in_law", "儿媳"),
    ("child_in_law", "女婿"),
    ("grandchild", "孙子"),
    ("grandchild", "孙女"),
    ("grandchild", "孙辈"),
    ("parent", "父亲"),
    ("parent", "母亲"),
    ("parent", "父母"),
    ("grandparent", "祖父"),
    ("grandparent", "祖母"),
    ("grandparent", "祖父母"),
    ("sibling", "兄弟姐妹"),
    ("other_kin", "其他亲属"),
    ("non_kin", "非亲属"),
];
const RESIDENT_STATUS: &[(&str, &str)] = &[
    ("at_home", "在家"),
    ("working_away", "外出务工"),
    ("studying_away", "外出就学"),
    ("elsewhere", "居住外地"),
];

const USE: &[(&str, &str)] = &[("own", "自住"), ("let", "出租"), ("business", "经营")];
const FUEL: &[(&str, &str)] =
    &[("electric", "电"), ("lpg", "液化气"), ("biogas", "沼气"), ("coal", "煤"), ("wood", "柴")];
const EDUCATION: &[(&str, &str)] = &[
    ("none", "未上学"),
    ("primary", "小学"),
    ("junior", "初中"),
    ("senior", "高中(中专)"),
    ("senior", "高中"),
    ("senior", "中专"),
    ("college", "大专"),
    ("bachelor", "本科及以上"),
    ("bachelor", "本科"),
];
const MARITAL: &[(&str, &str)] =
    &[("single", "未婚"), ("married", "已婚"), ("divorced", "离异"), ("widowed", "丧偶")];
const POLITICAL: &[(&str, &str)] =
    &[("party", "党员"), ("league", "团员"), ("masses", "群众"), ("other", "其他")];
const OCCUPATION: &[(&str, &str)] = &[
    ("employee", "机关企事业单位从业人员"),
    ("farmer", "农林牧渔从业人员"),
    ("self_employed", "个体或自由职业"),
    ("soldier", "军人"),
    ("retired", "离退休"),
    ("student", "学生"),
    ("jobless", "无业"),
    ("migrant_worker", "农村进城务工人员"),
    ("other", "其他"),
];
const HEALTH: &[(&str, &str)] = &[
    ("chronic", "慢性病"),
    ("serious", "大病重病"),
    ("disabled", "失能"),
    ("dementia", "失智"),
    ("bedridden", "卧床"),
    ("pregnant", "孕产期"),
];
const DISABILITY: &[(&str, &str)] = &[
    ("sight", "视力"),
    ("hearing", "听力"),
    ("speech", "言语"),
    ("limb", "肢体"),
    ("mind", "智力"),
    ("several", "多重"),
];
const GRADE: &[(&str, &str)] = &[("1", "一级"), ("2", "二级"), ("3", "三级"), ("4", "四级")];
const ASSISTANCE: &[(&str, &str)] = &[
    ("dibao", "低保"),
    ("tekun", "特困"),
    ("disability_subsidy", "残疾人补贴"),
    ("elder_allowance", "高龄津贴"),
    ("medical_aid", "医疗救助"),
    ("temporary_aid", "临时救助"),
    ("education_aid", "教育资助"),
    ("house_repair", "危房改造"),
    ("job_post", "公益岗位"),
    ("industry_aid", "产业奖补"),
    ("other", "其他"),
];

/// Name of the sheet in a template that explains the columns; never read as data.
pub const GUIDE_SHEET: &str = "填写说明";

const fn col(id: &'static str, header: &'static str, kind: ColumnKind, example: &'static str) -> Column {
    Column { id, header, aliases: &[], required: false, kind, example, help: "" }
}

impl Column {
    const fn must(mut self) -> Self {
        self.required = true;
        self
    }
    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
    const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }
}

const TERRITORY: &[Column] = &[
    col("code", "区域编码", ColumnKind::AreaCode, "510000100201001")
        .must()
        .or(&["编码", "代码", "区划代码", "网格编码", "区域代码"])
        .help("区县6位、镇街9位、村12位、组或网格15位、微网格17位"),
    col("name", "区域名称", ColumnKind::Text(40), "一组").must().or(&["名称", "网格名称", "村名"]),
    col("level", "级别", ColumnKind::Choice(LEVELS), "组")
        .or(&["层级", "区域级别"])
        .help("可空，按编码位数判断"),
    col("short_name", "简称", ColumnKind::Text(20), ""),
    col("kind", "网格类型", ColumnKind::Choice(GRID_KINDS), "属地").or(&["类型"]),
    col("theme", "专属主题", ColumnKind::Choice(THEMES), "").or(&["主题"]),
    col("micro_unit_type", "微单元类型", ColumnKind::Choice(MICRO_UNITS), "自然村组").or(&["微网格类型"]),
    col("zone", "所属片编码", ColumnKind::AreaCode, "")
        .or(&["片编码", "所属片"])
        .help("只有村填，没有分片的镇不填"),
    col("chat_name", "群名", ColumnKind::Text(40), "").or(&["微信群"]).help("只有线上网格填"),
    col("chat_owner", "群主", ColumnKind::Name, ""),
    col("chat_members", "群成员数", ColumnKind::Int(1, 5000), ""),
    col("valid_from", "启用日期", ColumnKind::Date, "2024-01-01").or(&["设立日期"]),
    col("note", "备注", ColumnKind::Text(200), "").or(&["说明"]),
];

const STAFF: &[Column] = &[
    col("user", "账号", ColumnKind::Ident(32), "liuyang01").must().or(&["用户名", "登录名"]),
    col("name", "姓名", ColumnKind::Name, "刘阳").must().or(&["人员姓名"]),
    col("phone", "手机号", ColumnKind::Phone, "13800510001").or(&["电话", "联系电话", "手机"]),
    col("roles", "角色", ColumnKind::Roles, "村务助理").must().or(&["岗位", "职务"]).help("多个用顿号隔开"),
    col("areas", "负责区域编码", ColumnKind::AreaCodes, "510000100201001")
        .or(&["负责区域", "区域编码", "网格编码", "负责网格"])
        .help("多个用顿号隔开"),
    col("unit", "单位编码", ColumnKind::Ident(32), "").or(&["部门编码"]),
    col("unit_name", "单位名称", ColumnKind::Text(40), "").or(&["单位", "部门", "承办单位"]),
    col("note", "备注", ColumnKind::Text(200), ""),
];

const HOUSEHOLDS: &[Column] = &[
    col("code", "户编号", ColumnKind::HouseholdCode, "510000100201001H0001")
        .must()
        .or(&["户编码", "户号", "家庭编号", "家庭编码"])
        .help("网格或微网格编码 + H + 四位顺序号"),
    col("area", "所属网格编码", ColumnKind::AreaCode, "510000100201001").must().or(&[
        "网格编码",
        "微网格编码",
        "所属网格",
        "区域编码",
    ]),
    col("address_text", "地址", ColumnKind::Text(80), "青禾镇柳湾村1组12号").must().or(&[
        "住址",
        "家庭住址",
        "详细地址",
    ]),
    col("door_no", "门牌号", ColumnKind::Text(20), "12号").or(&["门牌", "房号", "楼栋门牌"]),
    col("landmark", "标志物", ColumnKind::Text(40), "").or(&["附近标志"]),
    col("head", "户主姓名", ColumnKind::Name, "单明芳").must().or(&["户主"]),
    col("phones", "联系电话", ColumnKind::Phones, "13800510002").or(&["电话", "手机号", "手机", "户主电话"]),
    col("residence_type", "居住类型", ColumnKind::Choice(RESIDENCE), "常住")
        .must()
        .or(&["居住情况", "居住状态"]),
    col("categories", "户类别", ColumnKind::Categories, "低保户")
        .or(&["类别", "户类型", "标签"])
        .help("多个用顿号隔开"),
    col("registered_count", "户籍人数", ColumnKind::Int(0, 60), "4").or(&["户籍人口"]),
    col("resident_count", "常住人数", ColumnKind::Int(0, 60), "3").or(&["常住人口"]),
    col("structure", "房屋结构", ColumnKind::Choice(STRUCTURE), "砖混").or(&["结构"]),
    col("floors", "层数", ColumnKind::Int(0, 60), "2").or(&["楼层数"]),
    col("built_year", "建成年份", ColumnKind::Int(1800, 2100), "2006").or(&["建房年份"]),
    col("safety", "房屋安全等级", ColumnKind::Choice(SAFETY), "B").or(&["房屋等级", "安全等级"]),
    col("cut_slope", "削坡建房", ColumnKind::YesNo, "否").or(&["是否削坡建房"]),
    col("near_water", "临水", ColumnKind::YesNo, "否").or(&["是否临水"]),
    col("liaison", "联系人", ColumnKind::Text(20), "").or(&["联户人", "结对联系人"]),
    col("use", "房屋用途", ColumnKind::Choice(USE), "自住").or(&["用途"]),
    col("fuel", "炊事燃料", ColumnKind::Choice(FUEL), "").or(&["燃料"]),
    col("smoke_alarm", "有烟感", ColumnKind::YesNo, ""),
    col("extinguisher", "有灭火器", ColumnKind::YesNo, ""),
    col("ebike_inside", "室内充电动车", ColumnKind::YesNo, ""),
    col("income_sources", "收入来源", ColumnKind::Text(200), "").or(&["主要收入"]),
    col("main_needs", "主要需求", ColumnKind::Text(200), ""),
    col("doctor", "家庭医生", ColumnKind::Text(30), "").or(&["签约医生"]),
    col("evac_contact", "转移责任人", ColumnKind::Text(30), "").or(&["对接责任人"]),
    col("evac_backup", "后备责任人", ColumnKind::Text(30), ""),
    col("evac_route", "转移路线", ColumnKind::Text(200), ""),
    col("evac_shelter", "安置点", ColumnKind::Text(60), ""),
    col("evac_time", "什么时候转移", ColumnKind::Text(60), ""),
    col("evac_vehicle", "需要车辆", ColumnKind::YesNo, ""),
    col("bedridden", "有人卧床", ColumnKind::YesNo, ""),
    col("livestock", "要转移的牲畜", ColumnKind::Text(60), ""),
    col("evac_drill", "最近演练日期", ColumnKind::Date, ""),
    col("consent_by", "告知人", ColumnKind::Text(30), ""),
    col("consent_date", "告知日期", ColumnKind::Date, "2025-03-12").or(&["告知同意日期"]),
    col("remarks", "备注", ColumnKind::Text(200), "").or(&["说明"]),
];

const PERSONS: &[Column] = &[
    col("household", "户编号", ColumnKind::HouseholdCode, "510000100201001H0001").must().or(&[
        "户编码",
        "户号",
        "家庭编号",
        "所属户编号",
    ]),
    col("name", "姓名", ColumnKind::Name, "单明芳").must().or(&["成员姓名", "人员姓名"]),
    col("relation", "与户主关系", ColumnKind::Choice(RELATION), "户主").must().or(&["关系", "家庭关系"]),
    col("sex", "性别", ColumnKind::Choice(SEX), "女"),
    col("birth", "出生日期", ColumnKind::Birth, "1968-04-09").or(&["出生年月日", "生日", "出生年份", "出生"]),
    col("id_number", "身份证号", ColumnKind::IdNumber, "").or(&[
        "身份证号码",
        "身份证",
        "证件号码",
        "公民身份号码",
    ]),
    col("phone", "联系电话", ColumnKind::Phone, "13800510002").or(&["电话", "手机号", "手机", "本人电话"]),
    col("resident_status", "居住状况", ColumnKind::Choice(RESIDENT_STATUS), "在家")
        .or(&["在家情况", "居住状态"]),
    col("ethnicity", "民族", ColumnKind::Text(10), ""),
    col("education", "文化程度", ColumnKind::Choice(EDUCATION), "").or(&["学历"]),
    col("marital", "婚姻状况", ColumnKind::Choice(MARITAL), ""),
    col("political", "政治面貌", ColumnKind::Choice(POLITICAL), ""),
    col("occupation", "职业", ColumnKind::Choice(OCCUPATION), "").or(&["职业类别"]),
    col("work_place", "在哪里务工", ColumnKind::Text(40), "").or(&["务工地"]),
    col("skills", "技能特长", ColumnKind::Text(60), "").or(&["技能"]),
    col("guardian", "监护人", ColumnKind::Text(30), "").help("未满 18 岁的填"),
    col("health", "健康情况", ColumnKind::Choices(HEALTH), "")
        .or(&["健康状况"])
        .help("只在照料、转移用得上时填"),
    col("disability", "残疾类别", ColumnKind::Choice(DISABILITY), "").help("精神残疾不在这里填"),
    col("disability_grade", "残疾等级", ColumnKind::Choice(GRADE), ""),
    col("assistance", "享受的救助", ColumnKind::Choices(ASSISTANCE), "").or(&["享受政策"]),
    col("remarks", "备注", ColumnKind::Text(200), "").or(&["说明"]),
];

static TEMPLATES: [Template; 4] = [
    Template { id: TemplateId::Territory, columns: TERRITORY },
    Template { id: TemplateId::Staff, columns: STAFF },
    Template { id: TemplateId::Households, columns: HOUSEHOLDS },
    Template { id: TemplateId::Persons, columns: PERSONS },
];

/// The four templates, in the order of [`TemplateId::ALL`].
pub fn templates() -> &'static [Template; 4] {
    &TEMPLATES
}
