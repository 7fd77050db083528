//! Messages for names that mean nothing: near spellings, and where a like name could be imported
//! from.

use base::{Applicability, Diagnostic, FxHashSet, Name, codes, diagnostic::closest};
use syntax::ast;

use super::Resolver;
use crate::items::{AdtKind, Def, ModId, Ns, Program};

/// `struct`, `function`, …: what a definition is called in messages.
pub fn describe(program: &Program, def: Def) -> &'static str {
    match def {
        Def::Mod(_) => "module",
        Def::Fn(_) => "function",
        Def::Adt(id) if program.adts[id].kind == AdtKind::Enum => "enum",
        Def::Adt(id) if program.actors.contains_key(&id) => "actor",
        Def::Adt(_) => "struct",
        Def::Variant(..) => "variant",
        Def::Trait(_) => "trait",
        Def::Alias(_) => "type alias",
        Def::Const(_) => "constant",
        Def::Static(_) => "static",
        Def::Builtin(_) => "built-in type",
        Def::Error => "item",
    }
}

impl Resolver<'_> {
    /// The error for a name that nothing in scope has. `locals` are further candidates for a slip
    /// of spelling: the local variables of a body.
    pub fn unresolved(&self, name: ast::Ident, ns: Ns, module: ModId, locals: &[Name]) -> Diagnostic {
        let text = name.name.as_str();
        let other_ns = if ns == Ns::Types { Ns::Values } else { Ns::Types };
        let what = if ns == Ns::Types { "type or module" } else { "value" };
        if let Some(entry) = self.lookup(name.name, other_ns, module)
            && entry.def != Def::Error
        {
            return self.wrong_kind(name, entry.def, ns);
        }
        let mut diagnostic =
            Diagnostic::error(codes::E0201, name.span, format!("there is no {what} `{text}` here"))
                .label("not found");
        if let Some(hint) = foreign_word(text) {
            return with_word(diagnostic.help(hint), name);
        }
        let imports = self.import_candidates(name.name, ns);
        if let Some(path) = imports.first() {
            diagnostic = diagnostic.help(match imports.len() {
                1 => format!("it is in `{}`: add `use {path}`", parent_path(path)),
                _ => format!(
                    "it could be imported: {}",
                    join_code(imports.iter().take(4).map(|p| format!("use {p}")))
                ),
            });
            let scope = &self.program.mods[self.program.file_module(module)];
            let is_file = scope.parent.is_none_or(|p| self.program.mods[p].file != scope.file);
            if is_file && imports.len() == 1 {
                diagnostic = diagnostic.fix(
                    format!("import `{path}`"),
                    scope.span.start(),
                    format!("use {path}\n"),
                    Applicability::Maybe,
                );
            }
            return diagnostic;
        }
        if let Some(near) = self.closest_in_scope(text, ns, module, locals) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            );
        }
        diagnostic
    }

    /// A name that exists, but is of the other name space.
    fn wrong_kind(&self, name: ast::Ident, def: Def, wanted: Ns) -> Diagnostic {
        let what = describe(self.program, def);
        let (expected, help) = match (wanted, def) {
            (Ns::Values, Def::Adt(id)) if self.program.actors.contains_key(&id) => {
                ("a value", Some(format!("to start one, write `{}::new(…)`", name.name)))
            }
            (Ns::Values, Def::Mod(_)) if name.name.as_str() == "range" => {
                ("a value", Some("a range is written `0..n`".to_owned()))
            }
            (Ns::Values, Def::Adt(id)) if self.program.adts[id].kind == AdtKind::Struct => {
                ("a value", Some(format!("to make one, write `{}{{field: value, …}}`", name.name)))
            }
            (Ns::Values, Def::Adt(_)) => {
                ("a value", Some(format!("name one of its variants: `{}::…`", name.name)))
            }
            (Ns::Values, Def::Mod(_)) => {
                ("a value", Some(format!("name something in it: `{}::…`", name.name)))
            }
            (Ns::Values, Def::Builtin(_)) => {
                ("a value", Some(format!("to convert a number, write `value as {}`", name.name)))
            }
            (Ns::Values, _) => ("a value", None),
            (Ns::Types, _) => ("a type", None),
        };
        let mut diagnostic = Diagnostic::error(
            codes::E0208,
            name.span,
            format!("expected {expected}, but `{}` is a {what}", name.name),
        )
        .label(format!("this is a {what}"));
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        diagnostic
    }

    pub(super) fn unresolved_member(&self, module: ModId, name: ast::Ident, ns: Ns) -> Diagnostic {
        let names = &self.program.mods[module].names;
        let other_ns = if ns == Ns::Types { Ns::Values } else { Ns::Types };
        if let Some(entry) = names.get(other_ns, name.name) {
            return self.wrong_kind(name, entry.def, ns);
        }
        let mut diagnostic = Diagnostic::error(
            codes::E0201,
            name.span,
            format!("there is no `{}` in module `{}`", name.name, self.program.module_path(module)),
        )
        .label("not found");
        if let Some(hint) = foreign_word(name.name.as_str()) {
            return diagnostic.help(hint);
        }
        if let Some(hint) = foreign_member(self.program.mods[module].name.as_str(), name.name.as_str()) {
            return diagnostic.help(hint);
        }
        let mut candidates: Vec<&str> = names
            .types
            .iter()
            .chain(&names.values)
            .filter(|(_, e)| e.public)
            .map(|(n, _)| n.as_str())
            .collect();
        candidates.sort_unstable();
        if let Some(near) = closest(name.name.as_str(), candidates) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            );
        } else if let Some(path) = self.import_candidates(name.name, ns).first() {
            diagnostic = diagnostic.help(format!("there is `{path}`"));
        }
        diagnostic
    }

    fn closest_in_scope(&self, text: &str, ns: Ns, module: ModId, locals: &[Name]) -> Option<&'static str> {
        let mut candidates: Vec<&'static str> = locals.iter().map(|n| n.as_str()).collect();
        let mut at = Some(module);
        while let Some(id) = at {
            let data = &self.program.mods[id];
            candidates.extend(data.names.table(ns).keys().map(|n| n.as_str()));
            at = data.parent.filter(|_| data.block);
        }
        candidates.extend(self.program.prelude.table(ns).keys().map(|n| n.as_str()));
        if ns == Ns::Types {
            candidates.extend(self.program.std_mods.keys().map(|n| n.as_str()));
            candidates.extend(self.program.packages.keys().map(|n| n.as_str()));
            candidates.extend(super::KNOWN.builtins.keys().map(|n| n.as_str()));
        }
        candidates.retain(|c| !c.is_empty() && !c.starts_with('$'));
        candidates.sort_unstable();
        closest(text, candidates)
    }

    /// Public paths of items called `name`, shortest first.
    fn import_candidates(&self, name: Name, ns: Ns) -> Vec<String> {
        let program = self.program;
        let mut found: Vec<String> = Vec::new();
        let mut seen: FxHashSet<Def> = FxHashSet::default();
        let mut level: Vec<(ModId, String)> = program
            .roots
            .iter()
            .map(|&root| {
                let last = program.roots.last() == Some(&root);
                (
                    root,
                    if last && !program.in_std(root) {
                        "package".into()
                    } else {
                        program.mods[root].name.to_string()
                    },
                )
            })
            .collect();
        let mut visited: FxHashSet<ModId> = level.iter().map(|(m, _)| *m).collect();
        while !level.is_empty() {
            let mut next = Vec::new();
            for (module, path) in &level {
                let names = &program.mods[*module].names;
                let own_package = path == "package" || path.starts_with("package::");
                if let Some(entry) = names.get(ns, name)
                    && entry.public
                    && entry.def != Def::Error
                    && seen.insert(entry.def)
                {
                    found.push(format!("{path}::{name}"));
                }
                let mut children: Vec<(&'static str, ModId)> = names
                    .types
                    .iter()
                    .filter(|(_, e)| (e.public || own_package) && e.import.is_none())
                    .filter_map(|(n, e)| match e.def {
                        Def::Mod(id) => Some((n.as_str(), id)),
                        _ => None,
                    })
                    .collect();
                children.sort_unstable_by_key(|(n, _)| *n);
                for (child, id) in children {
                    if visited.insert(id) && child != "prelude" {
                        next.push((id, format!("{path}::{child}")));
                    }
                }
            }
            level = next;
        }
        found
    }
}

fn parent_path(path: &str) -> &str {
    path.rsplit_once("::").map_or(path, |(parent, _)| parent)
}

fn join_code(items: impl Iterator<Item = String>) -> String {
    items.map(|i| format!("`{i}`")).collect::<Vec<_>>().join(", ")
}

/// Puts in the word of this language, where one stands for the other.
fn with_word(diagnostic: Diagnostic, name: ast::Ident) -> Diagnostic {
    let (ours, applicability) = match name.name.as_str() {
        "String" | "str" | "Str" => ("string", Applicability::Certain),
        "True" | "TRUE" => ("true", Applicability::Certain),
        "False" | "FALSE" => ("false", Applicability::Certain),
        "boolean" | "Bool" => ("bool", Applicability::Certain),
        "Int" | "integer" | "Integer" | "long" => ("int", Applicability::Maybe),
        "double" | "Float" | "number" => ("f64", Applicability::Maybe),
        "byte" => ("u8", Applicability::Maybe),
        "uint" => ("u64", Applicability::Maybe),
        "rune" => ("char", Applicability::Maybe),
        "HashMap" => ("Map", Applicability::Maybe),
        "HashSet" => ("Set", Applicability::Maybe),
        "VecDeque" => ("Deque", Applicability::Maybe),
        "Arc" | "Rc" => ("Shared", Applicability::Maybe),
        "PartialEq" | "Equatable" => ("Eq", Applicability::Maybe),
        "PartialOrd" | "Comparable" => ("Ord", Applicability::Maybe),
        "this" => ("self", Applicability::Maybe),
        _ => return diagnostic,
    };
    diagnostic.fix(format!("write `{ours}`"), name.span, ours, applicability)
}

/// What functions of modules of other languages are called here.
fn foreign_member(module: &str, word: &str) -> Option<&'static str> {
    Some(match (module, word) {
        (
            "math",
            "sqrt" | "sin" | "cos" | "tan" | "floor" | "ceil" | "round" | "abs" | "pow" | "exp" | "log",
        ) => "it is a method of numbers: `x.sqrt()`, `x.pow(y)`, `x.ln()`, …",
        ("math", "min" | "max") => "it is a method of numbers: `a.min(b)`",
        ("math", "pi") => "it is written `math::PI`",
        ("time", "now" | "time" | "perf_counter") => {
            "`time::Instant::now()` measures, `time::SystemTime::now()` is the date and the time of day"
        }
        ("random", "randint" | "randrange" | "Intn" | "gen_range") => {
            "it is `random::between(a, b)`, or `random::below(n)`"
        }
        ("random", "random") => "it is `random::float()`",
        ("fs", "open") => "it is `fs::File::open(path)`",
        ("env", "get" | "getenv" | "Getenv") => "it is `env::var(name)`",
        ("json", "loads" | "from_str" | "Unmarshal") => "it is `json::parse(text)`",
        ("json", "dumps" | "to_string" | "Marshal") => {
            "a value is written by `\"${value}\"`, or `value.pretty()`"
        }
        _ => return None,
    })
}

/// What words of other languages are called here.
fn foreign_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "String" | "str" | "Str" | "text" => "text is `string`",
        "Vec" | "List" | "list" | "Array" | "vec" => "a list of `T` is written `[T]`, and an empty one `[]`",
        "HashMap" | "Dict" | "dict" | "map" => "a hash map is `Map[K, V]`",
        "HashSet" => "a hash set is `Set[T]`",
        "VecDeque" => "a double-ended queue is `Deque[T]`",
        "Arc" | "Rc" => "shared ownership is `Shared[T]`",
        "PartialEq" | "Equatable" => "equality is the trait `Eq`",
        "PartialOrd" | "Comparable" => "order is the trait `Ord`",
        "ToString" | "Stringer" => "what can be shown as text has the trait `Display`",
        "Fn" | "FnMut" | "FnOnce" => {
            "a bound by a function is written `fn(A) -> B`, `mut fn(A) -> B` or `own fn(A) -> B`"
        }
        "boolean" | "Bool" => "the type of `true` and `false` is `bool`",
        "Int" | "integer" | "Integer" | "long" => "the usual integer is `int` (64 bits)",
        "double" | "Float" | "number" => "the usual floating-point number is `f64`",
        "byte" => "a byte is a `u8`",
        "uint" => "an unsigned 64-bit integer is `u64`",
        "rune" => "a character is a `char`",
        "void" | "unit" | "None_" => "nothing at all is `()`, and a function without `->` returns it",
        "null" | "nil" | "undefined" | "none" => "there is no null: absence is `None` of an `Option[T]`",
        "True" | "TRUE" => "it is written `true`",
        "False" | "FALSE" => "it is written `false`",
        "this" => "the receiver of a method is `self`",
        "Error" => {
            "any failure is an `error`; `?` turns a type of your own into one if it implements `IntoError`"
        }
        "go" => "`go` begins a statement: `go f(x)`, or `go:` and a block",
        "Into" => "conversions are written as `impl From[Source] for Target`",
        "Dyn" | "Any" => "a value of any type with a trait is `dyn Trait`",
        "fprintf" | "printf" | "console" | "fmt" | "echo" | "puts" => {
            "to print a line, write `println(\"…\")`"
        }
        _ => return None,
    })
}
