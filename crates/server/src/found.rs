//! What `init` is told of a township: names and codes that cannot be changed later, checked before anything is made.

use gridbook_domain::township::{
    MAX_NAME, MAX_NUMBER_CODE, TownshipError, check_code, check_name, check_number_code,
};

use crate::db::{Founded, NewTenant};

/// What was said on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Name of the township.
    pub name: Option<String>,
    /// Its area code, nine digits.
    pub township: Option<String>,
    /// Short name in official numbers.
    pub number_code: Option<String>,
    /// The duty room's phone.
    pub duty_phone: Option<String>,
}

/// Why no township is founded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoundError {
    /// Not everything that a township needs; which options.
    #[error(
        "还缺 {};什么也没有建。镇名、九位区域代码和编号的开头以后都不能改,例如:\
         --name 青禾镇 --township 510000100 --code 青禾",
        .0.join(" ")
    )]
    Missing(Vec<&'static str>),
    /// No name, or one that is too long.
    #[error("--name 后面写镇名,最多 {MAX_NAME} 个字;什么也没有建。")]
    Name,
    /// No code of a township.
    #[error("--township 后面写镇街的九位统计用区划代码,例如 510000100;什么也没有建。")]
    Code,
    /// No beginning of numbers, or one that is too long.
    #[error("--code 后面写编号的开头,最多 {MAX_NUMBER_CODE} 个字,例如 青禾;什么也没有建。")]
    NumberCode,
}

impl From<TownshipError> for FoundError {
    fn from(error: TownshipError) -> Self {
        match error {
            TownshipError::Name => Self::Name,
            TownshipError::Code => Self::Code,
            TownshipError::NumberCode => Self::NumberCode,
        }
    }
}

impl Told {
    /// The township to found.
    ///
    /// # Errors
    /// [`FoundError`] when something is missing or cannot be a township's.
    pub fn found(&self) -> Result<NewTenant, FoundError> {
        let (Some(name), Some(township), Some(number_code)) = (&self.name, &self.township, &self.number_code)
        else {
            let asked =
                [("--name", &self.name), ("--township", &self.township), ("--code", &self.number_code)];
            let missing = asked.into_iter().filter(|(_, told)| told.is_none()).map(|(option, _)| option);
            return Err(FoundError::Missing(missing.collect()));
        };
        check_name(name)?;
        check_code(township)?;
        check_number_code(number_code)?;
        Ok(NewTenant {
            name: name.trim().to_owned(),
            township: township.clone(),
            number_code: number_code.trim().to_owned(),
            demo: false,
            duty_phone: self.duty_phone.clone(),
            authority: None,
        })
    }

    /// Whether all that was said is so of the township that is there already; what is not said stays.
    pub fn agrees(&self, there: &Founded) -> bool {
        let same = |told: &Option<String>, held: &str| told.as_deref().is_none_or(|told| told.trim() == held);
        !there.demo
            && same(&self.name, &there.name)
            && same(&self.township, &there.township)
            && same(&self.number_code, &there.number_code)
            && (self.duty_phone.is_none() || self.duty_phone == there.duty_phone)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(name: &str, township: &str, number_code: &str) -> Told {
        let told = |text: &str| Some(text.to_owned());
        Told { name: told(name), township: told(township), number_code: told(number_code), ..Told::default() }
    }

    #[test]
    fn a_township_is_founded_with_a_name_a_code_and_a_beginning_of_numbers() {
        let new = told(" 柳溪镇 ", "510000200", "柳溪").found().unwrap();
        assert_eq!(
            (new.name.as_str(), new.township.as_str(), new.number_code.as_str()),
            ("柳溪镇", "510000200", "柳溪")
        );
        let no_code = Told { township: None, ..told("柳溪镇", "", "柳溪") };
        assert_eq!(no_code.found(), Err(FoundError::Missing(vec!["--township"])));
        let nothing = Told::default().found();
        assert_eq!(nothing, Err(FoundError::Missing(vec!["--name", "--township", "--code"])));
        // A village's, a county's, and no code at all.
        for code in ["510000200001", "510000", "5100", "", "柳溪", "510000999"] {
            assert_eq!(told("柳溪镇", code, "柳溪").found(), Err(FoundError::Code), "{code}");
        }
        assert_eq!(told(" ", "510000200", "柳溪").found(), Err(FoundError::Name));
        assert_eq!(told(&"镇".repeat(41), "510000200", "柳溪").found(), Err(FoundError::Name));
        assert_eq!(told("柳溪镇", "510000200", "").found(), Err(FoundError::NumberCode));
        assert_eq!(told("柳溪镇", "510000200", "柳\n溪").found(), Err(FoundError::NumberCode));
    }

    #[test]
    fn who_founds_again_says_the_same_or_nothing() {
        let there = Founded {
            name: "柳溪镇".to_owned(),
            township: "510000200".to_owned(),
            number_code: "柳溪".to_owned(),
            demo: false,
            duty_phone: None,
        };
        assert!(told("柳溪镇", "510000200", "柳溪").agrees(&there));
        assert!(Told::default().agrees(&there));
        assert!(!Told::default().agrees(&Founded { demo: true, ..there.clone() }));
        for other in [
            told("青禾镇", "510000200", "柳溪"),
            told("柳溪镇", "510000100", "柳溪"),
            told("柳溪镇", "510000200", "青禾"),
            Told { duty_phone: Some("0000-8000110".to_owned()), ..Told::default() },
        ] {
            assert!(!other.agrees(&there), "{other:?}");
        }
    }
}
