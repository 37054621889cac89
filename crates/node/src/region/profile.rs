//! The region profile: jurisdictions, policies, catalogues, calendars, demonstration data, as dated files in a folder.

use std::path::{Path, PathBuf};

use anyhow::Context;
use huitong_kernel::calendar::CalendarNotice;
use huitong_kernel::clearing::ClearingRule;
use huitong_kernel::division::Division;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionProfile {
    pub name: String,
    pub name_zh: String,
    /// Jurisdictions that must sign a manifest.
    pub threshold: usize,
    pub jurisdictions: Vec<JurisdictionProfile>,
    #[serde(default)]
    pub calendars: Vec<CalendarProfile>,
    #[serde(default)]
    pub clearing: Vec<ClearingRule>,
    #[serde(skip)]
    pub folder: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JurisdictionProfile {
    pub division: Division,
    pub name_zh: String,
    pub name_en: String,
    pub node: String,
}

/// A calendar notice with its day of publication instead of an instant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarProfile {
    pub year: i16,
    pub published: huitong_kernel::time::Date,
    pub days_off: Vec<huitong_kernel::time::Date>,
    pub days_worked: Vec<huitong_kernel::time::Date>,
    pub source: String,
}

impl RegionProfile {
    pub fn read(folder: &Path) -> anyhow::Result<RegionProfile> {
        let path = folder.join("region.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}; name a region profile with --profile", path.display()))?;
        let mut profile: RegionProfile =
            toml::from_str(&text).with_context(|| format!("{} is no region profile", path.display()))?;
        profile.folder = folder.to_owned();
        Ok(profile)
    }

    pub fn calendars(&self) -> Vec<CalendarNotice> {
        let notice = |calendar: &CalendarProfile| CalendarNotice {
            division: None,
            year: calendar.year,
            known_from: huitong_kernel::time::Instant::start_of(calendar.published),
            days_off: calendar.days_off.clone(),
            days_worked: calendar.days_worked.clone(),
            source: calendar.source.clone(),
        };
        self.calendars.iter().map(notice).collect()
    }

    /// The texts of the TOML files in a folder of the profile, by file name.
    pub fn files(&self, folder: &str) -> anyhow::Result<Vec<(String, String)>> {
        let folder = self.folder.join(folder);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path)?));
            }
        }
        files.sort();
        Ok(files)
    }
}
