//! What the hospital says of a visit beside what home must know: it stays with visited (I17).

use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

/// Diagnoses of a visit at most.
pub const DIAGNOSES_MAX: usize = 50;

/// Facts of a registration (2201), an admission (2401) and what came later (2203, 2402, 2403). Personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VisitDetails {
    /// `ipt_otp_no`, `ipt_no`: the number at the hospital.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_number: Option<String>,
    /// `dept_code`, `adm_dept_codg`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// `dept_name`, `adm_dept_name`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department_name: Option<String>,
    /// `adm_bed`, `dscg_bed`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bed: Option<String>,
    /// `atddr_no`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor: Option<String>,
    /// `dr_name`, `chfpdr_name`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<String>,
    /// `main_cond_dscr`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// `dscg_way`: how the stay ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discharge_way: Option<String>,
    /// `die_date`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub died_on: Option<Date>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diagnoses: Vec<Diagnosis>,
}

/// `diseinfo`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// `diag_code`, ICD-10
    pub code: String,
    /// `diag_name`
    pub name: String,
    /// `maindiag_flag`
    #[serde(default)]
    pub main: bool,
    /// `diag_time`: the day.
    #[schema(value_type = String, format = Date)]
    pub found_on: Date,
}

impl VisitDetails {
    /// What is said now goes before what was said before.
    pub fn over(self, before: VisitDetails) -> VisitDetails {
        VisitDetails {
            record_number: self.record_number.or(before.record_number),
            department: self.department.or(before.department),
            department_name: self.department_name.or(before.department_name),
            bed: self.bed.or(before.bed),
            doctor: self.doctor.or(before.doctor),
            doctor_name: self.doctor_name.or(before.doctor_name),
            condition: self.condition.or(before.condition),
            discharge_way: self.discharge_way.or(before.discharge_way),
            died_on: self.died_on.or(before.died_on),
            diagnoses: if self.diagnoses.is_empty() { before.diagnoses } else { self.diagnoses },
        }
    }

    /// The first field that is too long for the national interface, with its limit.
    pub fn too_long(&self) -> Option<(&'static str, usize)> {
        let texts: [(&'static str, &Option<String>, usize); 8] = [
            ("record_number", &self.record_number, 30),
            ("department", &self.department, 30),
            ("department_name", &self.department_name, 100),
            ("bed", &self.bed, 30),
            ("doctor", &self.doctor, 30),
            ("doctor_name", &self.doctor_name, 50),
            ("condition", &self.condition, 1_000),
            ("discharge_way", &self.discharge_way, 3),
        ];
        let is_long = |text: &str, limit: usize| text.chars().count() > limit;
        let of_texts =
            texts.into_iter().find(|(_, text, limit)| text.as_deref().is_some_and(|text| is_long(text, *limit)));
        let of_texts = of_texts.map(|(name, _, limit)| (name, limit));
        let of_diagnoses = || {
            let code = self.diagnoses.iter().any(|found| is_long(&found.code, 20) || found.code.is_empty());
            let name = self.diagnoses.iter().any(|found| is_long(&found.name, 300));
            match (code, name, self.diagnoses.len() > DIAGNOSES_MAX) {
                (true, _, _) => Some(("diagnoses.code", 20)),
                (_, true, _) => Some(("diagnoses.name", 300)),
                (_, _, true) => Some(("diagnoses", DIAGNOSES_MAX)),
                _ => None,
            }
        };
        of_texts.or_else(of_diagnoses)
    }
}
