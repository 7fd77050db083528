//! `altru.toml`: a package's name, version and dependencies, and what is linked with it.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub package: Package,
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    #[serde(default)]
    pub link: Link,
}

/// Code in other languages that the package's `extern "C"` functions are in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Objects, static and shared libraries, from the package's folder on.
    #[serde(default)]
    pub files: Vec<String>,
    /// Libraries by name: `z` is `libz.so` or `libz.a`.
    #[serde(default)]
    pub libraries: Vec<String>,
    /// Where such libraries are looked for first, from the package's folder on.
    #[serde(default)]
    pub folders: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub name: String,
    #[serde(default = "default_version")]
    pub version: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub license: String,
    #[serde(default)]
    pub authors: Vec<String>,
}

/// `name = { path = "../name" }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    pub path: String,
}

fn default_version() -> String {
    "0.1.0".into()
}

/// Reads a manifest; the error says what is wrong with which line.
pub fn parse_manifest(text: &str) -> Result<Manifest, String> {
    let manifest: Manifest = basic_toml::from_str(text).map_err(|e| e.to_string())?;
    let name = &manifest.package.name;
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !fine || name == "std" {
        return Err(format!(
            "`{name}` cannot be a package's name: use ASCII letters, digits and `_`, and not `std`"
        ));
    }
    Ok(manifest)
}
