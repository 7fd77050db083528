//! Which files make up a session: std, the packages depended on, and the package or script at
//! hand.
//!
//! A package's root is `src/main.altru` or `src/lib.altru`; `mod name` in `src/x.altru` names
//! `src/x/name.altru` (`src/name.altru` at the root) or `…/name/mod.altru`. Everything odd
//! becomes a diagnostic; nothing here panics or prints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Diagnostic, FileId, Name, SourceMap, Span, codes};
use hir::collect::{ModuleInput, PackageInput};
use syntax::ast;

use crate::embedded;
use crate::manifest::{Manifest, parse_manifest};
use crate::pipeline::in_parallel;
use crate::system::System;

/// What is to be compiled.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file (script or program), or a package's folder.
    Path(PathBuf),
    /// A text with the name it is shown under (standard input, editors, tests).
    Text { name: String, text: String },
}

/// Files read and parsed, ready for [`crate::pipeline`].
pub struct Session {
    pub sources: SourceMap,
    /// std first, the package at hand last.
    pub packages: Vec<PackageInput>,
    /// Of reading and parsing.
    pub diagnostics: Vec<Diagnostic>,
    /// Name of the executable that `build` makes.
    pub name: String,
    /// The package's folder, if it is one.
    pub root: Option<PathBuf>,
    /// What the packages' manifests ask to be linked with them.
    pub link: Linked,
}

/// Code in other languages that belongs to a program.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// Objects, static and shared libraries.
    pub files: Vec<PathBuf>,
    /// Libraries by name.
    pub libraries: Vec<String>,
    /// Where these are looked for before the system's folders.
    pub folders: Vec<PathBuf>,
}

impl Linked {
    /// Of `--link`: a file, or the name of a library.
    pub fn add(&mut self, what: &str) {
        let is_file = what.contains('/') || [".o", ".a", ".so"].iter().any(|end| what.ends_with(end));
        match is_file {
            true => self.files.push(what.into()),
            false => self.libraries.push(what.to_owned()),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.libraries.is_empty()
    }
}

/// Something that stops a session before there is a text to point at.
#[derive(Debug)]
pub struct LoadError(pub String);

/// Reads and parses everything that `input` needs.
pub fn load(system: &dyn System, input: &Input) -> Result<Session, LoadError> {
    let mut loader = Loader {
        system,
        sources: SourceMap::default(),
        packages: Vec::new(),
        diagnostics: Vec::new(),
        loading: Vec::new(),
        done: BTreeSet::new(),
        link: Linked::default(),
        std_folder: std::env::var_os("ALTRU_STD").map(PathBuf::from),
    };
    match input {
        Input::Text { name, text } => {
            loader.load_std()?;
            let file = loader.sources.add(name.clone(), text.as_str());
            let tree = loader.parse(file);
            let modules = vec![ModuleInput { path: vec![], file, ast: tree }];
            loader.packages.push(PackageInput { name: Name::new("main"), is_std: false, modules });
            Ok(loader.finish("main".into(), None))
        }
        Input::Path(path) if system.is_dir(path) => {
            let manifest = loader.read_manifest(path)?;
            let is_std = manifest.package.name == "std";
            if !is_std {
                loader.load_std()?;
            }
            let name = manifest.package.name.clone();
            loader.load_package(path, manifest)?;
            Ok(loader.finish(name, Some(path.clone())))
        }
        Input::Path(path) => {
            loader.load_std()?;
            let text = loader.read_text(path)?;
            let file = loader.sources.add(shown(path), text);
            let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
            let modules = loader.load_modules(file, &folder);
            let stem = path.file_stem().map_or("main".into(), |s| s.to_string_lossy().into_owned());
            let package = identifier(&stem);
            loader.packages.push(PackageInput { name: Name::new(&package), is_std: false, modules });
            Ok(loader.finish(stem, None))
        }
    }
}

/// A file's stem as a package name.
fn identifier(stem: &str) -> String {
    let mut name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert(0, '_');
    }
    if name == "std" { "std_".into() } else { name }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A source file's text.
pub fn read_text(system: &dyn System, path: &Path) -> Result<String, LoadError> {
    let bytes = system.read(path).map_err(|e| LoadError(format!("cannot read `{}`: {e}", shown(path))))?;
    if bytes.len() > u32::MAX as usize {
        return Err(LoadError(format!("`{}` is larger than 4 GiB", shown(path))));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count() + 1;
        LoadError(format!("`{}` is not UTF-8: broken byte {at}, on line {line}", shown(path)))
    })
}

struct Loader<'a> {
    system: &'a dyn System,
    sources: SourceMap,
    packages: Vec<PackageInput>,
    diagnostics: Vec<Diagnostic>,
    /// Folders of the packages being loaded, to find cycles.
    loading: Vec<PathBuf>,
    done: BTreeSet<PathBuf>,
    link: Linked,
    /// `ALTRU_STD`: the folder of std's sources, for those who change them.
    std_folder: Option<PathBuf>,
}

impl Loader<'_> {
    fn finish(self, name: String, root: Option<PathBuf>) -> Session {
        Session {
            sources: self.sources,
            packages: self.packages,
            diagnostics: self.diagnostics,
            name,
            root,
            link: self.link,
        }
    }

    fn read_manifest(&self, folder: &Path) -> Result<Manifest, LoadError> {
        let path = folder.join("altru.toml");
        if !self.system.is_file(&path) {
            return Err(LoadError(format!(
                "`{}` is not a package: it has no altru.toml (`altru new NAME` makes a package)",
                shown(folder)
            )));
        }
        let text = self.read_text(&path)?;
        if folder.file_name().is_some_and(|n| n == "std") && text.contains("name = \"std\"") {
            return Ok(Manifest {
                package: crate::manifest::Package {
                    name: "std".into(),
                    version: String::new(),
                    description: String::new(),
                    license: String::new(),
                    authors: vec![],
                },
                dependencies: BTreeMap::new(),
                link: Default::default(),
            });
        }
        parse_manifest(&text).map_err(|e| LoadError(format!("{}: {e}", shown(&path))))
    }

    fn read_text(&self, path: &Path) -> Result<String, LoadError> {
        read_text(self.system, path)
    }

    fn parse(&mut self, file: FileId) -> Arc<ast::File> {
        let text = self.sources.file(file).text.clone();
        let parse = syntax::parse(file, &text);
        self.diagnostics.extend(parse.diagnostics);
        Arc::new(parse.file)
    }

    fn load_std(&mut self) -> Result<(), LoadError> {
        let mut paths = Vec::new();
        let mut files = Vec::new();
        for &(path, text) in embedded::std_files() {
            // Working on std: its tree instead of the embedded copy, without building anew.
            let text: std::borrow::Cow<str> = match &self.std_folder {
                Some(folder) => self.read_text(&folder.join(format!("{path}.altru")))?.into(),
                None => text.into(),
            };
            files.push(self.sources.add(format!("std/{path}.altru"), &*text));
            paths.push(match path {
                "lib" => vec![],
                _ => path.split('/').filter(|s| *s != "mod").map(Name::new).collect(),
            });
        }
        let trees = self.parse_all(&files);
        let mut modules: Vec<ModuleInput> = paths
            .into_iter()
            .zip(files)
            .zip(trees)
            .map(|((path, file), ast)| ModuleInput { path, file, ast })
            .collect();
        modules.sort_by_key(|m| m.path.len());
        self.packages.push(PackageInput { name: Name::new("std"), is_std: true, modules });
        Ok(())
    }

    fn load_package(&mut self, folder: &Path, manifest: Manifest) -> Result<(), LoadError> {
        let key = self.system.canonical(folder);
        if self.loading.contains(&key) {
            return Err(LoadError(format!(
                "the packages depend on each other in a circle through `{}`",
                shown(folder)
            )));
        }
        if !self.done.insert(key.clone()) {
            return Ok(());
        }
        self.loading.push(key);
        for (name, dependency) in &manifest.dependencies {
            let path = folder.join(&dependency.path);
            let other = self.read_manifest(&path)?;
            if other.package.name != *name {
                return Err(LoadError(format!(
                    "the dependency `{name}` of `{}` is at `{}`, but the package there is called `{}`",
                    manifest.package.name,
                    shown(&path),
                    other.package.name
                )));
            }
            self.load_package(&path, other)?;
        }
        self.loading.pop();
        self.link.files.extend(manifest.link.files.iter().map(|f| folder.join(f)));
        self.link.libraries.extend(manifest.link.libraries.iter().cloned());
        self.link.folders.extend(manifest.link.folders.iter().map(|f| folder.join(f)));
        let source = folder.join("src");
        let candidates = [source.join("main.altru"), source.join("lib.altru")];
        let Some(root) = candidates.iter().find(|p| self.system.is_file(p)) else {
            return Err(LoadError(format!(
                "the package `{}` has neither src/main.altru nor src/lib.altru",
                manifest.package.name
            )));
        };
        let text = self.read_text(root)?;
        let file = self.sources.add(shown(root), text);
        let modules = self.load_modules(file, &source);
        let is_std = manifest.package.name == "std";
        self.packages.push(PackageInput { name: Name::new(&manifest.package.name), is_std, modules });
        Ok(())
    }

    /// The root file and every file module below it. `folder` holds the root's modules.
    fn load_modules(&mut self, root: FileId, folder: &Path) -> Vec<ModuleInput> {
        let mut modules = Vec::new();
        let mut level = vec![(Vec::<Name>::new(), root, folder.to_path_buf())];
        while !level.is_empty() {
            let files: Vec<FileId> = level.iter().map(|&(_, file, _)| file).collect();
            let trees = self.parse_all(&files);
            let mut next = Vec::new();
            for ((path, file, folder), ast) in level.into_iter().zip(trees) {
                for (name, span) in hir::collect::file_modules(&ast) {
                    let mut child = path.clone();
                    child.push(name);
                    if let Some(child_file) = self.open_module(&folder, name, span) {
                        next.push((child, child_file, folder.join(name.as_str())));
                    }
                }
                modules.push(ModuleInput { path, file, ast });
            }
            level = next;
        }
        modules
    }

    /// Parses files side by side.
    fn parse_all(&mut self, files: &[FileId]) -> Vec<Arc<ast::File>> {
        let sources = &self.sources;
        // Files are large; one at a time keeps all cores busy to the end.
        let parses = in_parallel(files, 1, |&file| syntax::parse(file, &sources.file(file).text));
        parses
            .into_iter()
            .map(|parse| {
                self.diagnostics.extend(parse.diagnostics);
                Arc::new(parse.file)
            })
            .collect()
    }

    fn open_module(&mut self, folder: &Path, name: Name, span: Span) -> Option<FileId> {
        let candidates = [folder.join(format!("{name}.altru")), folder.join(name.as_str()).join("mod.altru")];
        let Some(path) = candidates.iter().find(|p| self.system.is_file(p)) else {
            self.diagnostics.push(
                Diagnostic::error(codes::E0910, span, format!("the file of module `{name}` is missing"))
                    .label("declared here")
                    .help(format!("create `{}`", shown(&candidates[0]))),
            );
            return None;
        };
        match self.read_text(path) {
            Ok(text) => Some(self.sources.add(shown(path), text)),
            Err(LoadError(message)) => {
                self.diagnostics.push(Diagnostic::error(codes::E0911, span, message).label("declared here"));
                None
            }
        }
    }
}
