//! What is built into the binary: the standard library and the pages of the diagnostic codes.

mod std_files {
    include!(concat!(env!("OUT_DIR"), "/std_files.rs"));
}
mod error_pages {
    include!(concat!(env!("OUT_DIR"), "/error_pages.rs"));
}

/// Module path of the standard library's files (`lib`, `sync/select`), with their texts.
pub fn std_files() -> &'static [(&'static str, &'static str)] {
    std_files::STD
}

/// The page of a diagnostic code, in Markdown.
pub fn error_page(code: &str) -> Option<&'static str> {
    error_pages::ERRORS.iter().find(|(name, _)| *name == code).map(|&(_, text)| text)
}

/// Every code that has a page.
pub fn error_codes() -> impl Iterator<Item = &'static str> {
    error_pages::ERRORS.iter().map(|&(name, _)| name)
}
