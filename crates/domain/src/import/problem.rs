//! What can be wrong with a row, in words that tell the user what to do.

use super::preview::RowRef;

/// Why a row cannot be imported as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemCode {
    /// A required cell is empty.
    Required,
    /// A required column is missing from the sheet, or the sheet is of no known template.
    MissingColumn,
    /// A territory code has the wrong shape, or its segments do not fit the level.
    BadCode,
    /// The area a row names is neither in the system nor in this import.
    UnknownArea,
    /// The household a person names is neither in the system nor among the good rows of this import.
    UnknownHousehold,
    /// Two rows of the import have the same key.
    DuplicateInFile,
    /// The record is in the system already.
    DuplicateExisting,
    /// The number was shortened to scientific notation (`1.38123E+10`).
    ScientificNotation,
    /// Stored as a number with more digits than a sheet can keep: the last digits became zeros.
    PrecisionLost,
    /// Stored as a number, so that the zero in front was dropped.
    LeadingZeroLost,
    /// Not a phone number.
    BadPhone,
    /// Not a valid resident identity number.
    BadIdNumber,
    /// Identity number and birth date or sex contradict each other.
    Contradiction,
    /// No such day, or a way of writing dates that can be read in two ways.
    BadDate,
    /// A serial number of a sheet instead of a date.
    SerialDate,
    /// A date where text belongs (a door number 3-2 that became 3 February).
    DateInText,
    /// A date in the future or absurdly far back.
    DateOutOfRange,
    /// A name with digits, signs or a single character.
    BadName,
    /// Longer than the field allows.
    TooLong,
    /// Not a whole number, or outside the range.
    BadNumber,
    /// Not one of the values offered.
    NotAnOption,
    /// A restricted category: never imported by sheet.
    Restricted,
    /// The cell is part of a merged region.
    Merged,
    /// An error value such as `#N/A`.
    ErrorValue,
    /// A character that could not be read in the file's encoding.
    Garbled,
}

impl ProblemCode {
    /// Machine name, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::MissingColumn => "missing_column",
            Self::BadCode => "bad_code",
            Self::UnknownArea => "unknown_area",
            Self::UnknownHousehold => "unknown_household",
            Self::DuplicateInFile => "duplicate_in_file",
            Self::DuplicateExisting => "duplicate_existing",
            Self::ScientificNotation => "scientific_notation",
            Self::PrecisionLost => "precision_lost",
            Self::LeadingZeroLost => "leading_zero_lost",
            Self::BadPhone => "bad_phone",
            Self::BadIdNumber => "bad_id_number",
            Self::Contradiction => "contradiction",
            Self::BadDate => "bad_date",
            Self::SerialDate => "serial_date",
            Self::DateInText => "date_in_text",
            Self::DateOutOfRange => "date_out_of_range",
            Self::BadName => "bad_name",
            Self::TooLong => "too_long",
            Self::BadNumber => "bad_number",
            Self::NotAnOption => "not_an_option",
            Self::Restricted => "restricted",
            Self::Merged => "merged",
            Self::ErrorValue => "error_value",
            Self::Garbled => "garbled",
        }
    }
}

/// One thing wrong with one row. A row with any problem is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Sheet and row number as the user sees them.
    pub at: RowRef,
    /// Header of the column, as the template writes it; empty when the whole row is meant.
    pub column: String,
    /// What is wrong, for machines.
    pub code: ProblemCode,
    /// What is wrong and what to do, in Chinese.
    pub message: String,
}

/// What was read differently from how it was written, or deserves a look; the row is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteCode {
    /// Spaces or invisible characters were left out.
    Trimmed,
    /// Full-width letters or digits were read as ordinary ones.
    FullWidth,
    /// A number was read as text without losing a digit.
    NumberAsText,
    /// The value of a formula was taken.
    FormulaValue,
    /// A small x at the end of an identity number was read as X.
    IdLetter,
    /// A value was filled in from another one (birth and sex from the identity number).
    FilledIn,
    /// A column that the template does not know was left out.
    UnknownColumn,
    /// Rows above the header were left out.
    TitleSkipped,
    /// Unusual, and taken as it is.
    Unusual,
}

impl NoteCode {
    /// Machine name, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trimmed => "trimmed",
            Self::FullWidth => "full_width",
            Self::NumberAsText => "number_as_text",
            Self::FormulaValue => "formula_value",
            Self::IdLetter => "id_letter",
            Self::FilledIn => "filled_in",
            Self::UnknownColumn => "unknown_column",
            Self::TitleSkipped => "title_skipped",
            Self::Unusual => "unusual",
        }
    }
}

/// A remark on a row that is imported all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Sheet and row number as the user sees them.
    pub at: RowRef,
    /// Header of the column; empty when the whole row or sheet is meant.
    pub column: String,
    /// What was done, for machines.
    pub code: NoteCode,
    /// What was done, in Chinese.
    pub message: String,
}

/// A row that seems to be there already (TERR-13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The row.
    pub at: RowRef,
    /// Header of the column that gives it away.
    pub column: String,
    /// `DuplicateInFile` or `DuplicateExisting`.
    pub code: ProblemCode,
    /// The other row, when it is in the same import.
    pub other: Option<RowRef>,
    /// Whether the user may import it all the same (two people can share a name and a birthday; a code is one record).
    pub may_accept: bool,
    /// What is the same as what, and what to do, in Chinese.
    pub message: String,
}
