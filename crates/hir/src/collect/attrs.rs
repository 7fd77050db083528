//! Attributes: which there are, where each may stand, what their arguments say.

use base::{Applicability, Diagnostic, Name, Span, codes, diagnostic::closest};
use syntax::ast::{self, ExprKind, Literal};

use crate::items::{DeriveTrait, FnAttrs};

/// What an attribute can stand before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Target(u16);

impl Target {
    pub const FN: Target = Target(1);
    pub const ADT: Target = Target(2);
    pub const TRAIT: Target = Target(4);
    pub const ACTOR: Target = Target(8);
    pub const VARIANT: Target = Target(16);
    pub const OTHER: Target = Target(32);
    const fn or(self, other: Target) -> Target {
        Target(self.0 | other.0)
    }

    fn name(self) -> &'static str {
        match self {
            Target::FN => "functions",
            Target::ADT => "structs and enums",
            Target::TRAIT => "traits",
            Target::ACTOR => "actors",
            Target::VARIANT => "variants of an enum",
            _ => "this kind of item",
        }
    }
}

/// `name`, where it may stand, and whether only std may use it.
const ATTRIBUTES: &[(&str, Target, bool)] = &[
    ("test", Target::FN, false),
    ("should_panic", Target::FN, false),
    ("derive", Target::ADT, false),
    ("lang", Target::FN.or(Target::ADT).or(Target::TRAIT), true),
    ("intrinsic", Target::FN, true),
    ("inline", Target::FN, false),
    ("cold", Target::FN, false),
    ("track_caller", Target::FN, false),
    ("discardable", Target::FN.or(Target::ADT), false),
    ("must_use", Target::FN.or(Target::ADT), false),
    ("no_wait", Target::FN, false),
    ("scoped", Target::FN, true),
    ("nonblocking", Target::FN, false),
    ("thread_bound", Target::ADT, false),
    ("view", Target::ADT, false),
    ("repr", Target::ADT, false),
    ("allow", Target::FN, false),
    ("deprecated", Target::FN, false),
    ("ai_concurrent_optimize", Target::FN, false),
    ("mailbox", Target::ACTOR, false),
    ("biased", Target(0), false),
    ("default", Target::VARIANT, false),
];

/// What the attributes of an item say.
#[derive(Default)]
pub(super) struct Attrs {
    pub function: FnAttrs,
    pub derives: Vec<(DeriveTrait, Span)>,
    pub lang: Option<(Name, Span)>,
    pub intrinsic: Option<Span>,
    pub thread_bound: bool,
    pub view: bool,
    pub repr_c: bool,
    pub default: Option<Span>,
}

pub(super) fn derive_trait(name: &str) -> Option<DeriveTrait> {
    DERIVES.iter().find(|(n, _)| *n == name).map(|(_, t)| *t)
}

pub(crate) const DERIVES: &[(&str, DeriveTrait)] = &[
    ("Clone", DeriveTrait::Clone),
    ("Copy", DeriveTrait::Copy),
    ("Debug", DeriveTrait::Debug),
    ("Eq", DeriveTrait::Eq),
    ("Ord", DeriveTrait::Ord),
    ("Hash", DeriveTrait::Hash),
    ("Default", DeriveTrait::Default),
];

pub(super) fn read(
    attributes: &[ast::Attribute],
    target: Target,
    in_std: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Attrs {
    let mut result = Attrs::default();
    for attribute in attributes {
        read_one(attribute, target, in_std, &mut result, diagnostics);
    }
    result
}

fn read_one(
    attribute: &ast::Attribute,
    target: Target,
    in_std: bool,
    result: &mut Attrs,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = attribute.name.name.as_str();
    if name.is_empty() {
        return;
    }
    let Some(&(_, allowed, std_only)) = ATTRIBUTES.iter().find(|a| a.0 == name) else {
        let mut diagnostic =
            Diagnostic::error(codes::E0205, attribute.name.span, format!("there is no attribute `{name}`"))
                .label("not known");
        let usable = ATTRIBUTES.iter().filter(|a| !a.2 || in_std).map(|a| a.0);
        if let Some(near) = closest(name, usable) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                attribute.name.span,
                near,
                Applicability::Certain,
            );
        } else if derive_trait(name).is_some() {
            diagnostic = diagnostic.help(format!("to implement the trait, write `[derive({name})]`"));
        }
        diagnostics.push(diagnostic);
        return;
    };
    if std_only && !in_std {
        diagnostics.push(
            Diagnostic::error(
                codes::E0206,
                attribute.span,
                format!("`[{name}]` is for the standard library alone"),
            )
            .label("not allowed here"),
        );
        return;
    }
    if allowed.0 & target.0 == 0 {
        let places: Vec<&str> = [Target::FN, Target::ADT, Target::TRAIT, Target::ACTOR, Target::VARIANT]
            .into_iter()
            .filter(|t| t.0 & allowed.0 != 0)
            .map(Target::name)
            .collect();
        let place = if name == "biased" { "a `select`".into() } else { places.join(", ") };
        diagnostics.push(
            Diagnostic::error(
                codes::E0206,
                attribute.span,
                format!("`[{name}]` means nothing here: it is for {place}"),
            )
            .label("misplaced"),
        );
        return;
    }
    let takes_args =
        matches!(name, "derive" | "lang" | "should_panic" | "allow" | "deprecated" | "mailbox" | "repr");
    if !takes_args && !attribute.args.is_empty() {
        diagnostics.push(
            Diagnostic::error(codes::E0206, attribute.span, format!("`[{name}]` takes no arguments"))
                .label("arguments are not expected"),
        );
    }
    let function = &mut result.function;
    match name {
        "test" => function.test = true,
        "inline" => function.inline = true,
        "cold" => function.cold = true,
        "track_caller" => function.track_caller = true,
        "discardable" => function.discardable = true,
        "must_use" => function.must_use = true,
        "no_wait" => function.no_wait = true,
        "scoped" => function.scoped = true,
        "nonblocking" => function.nonblocking = true,
        "ai_concurrent_optimize" => function.ai_concurrent_optimize = true,
        "intrinsic" => result.intrinsic = Some(attribute.span),
        "thread_bound" => result.thread_bound = true,
        "view" => result.view = true,
        "default" => result.default = Some(attribute.span),
        "should_panic" => function.should_panic = Some(text_arg(attribute)),
        "deprecated" => function.deprecated = Some(text_arg(attribute).unwrap_or_default()),
        "allow" => allows(attribute, function, diagnostics),
        "lang" => match text_arg(attribute) {
            Some(role) => result.lang = Some((Name::new(&role), attribute.span)),
            None => diagnostics.push(
                Diagnostic::error(codes::E0206, attribute.span, "write `[lang = \"role\"]`")
                    .label("the role is missing"),
            ),
        },
        "repr" => match &attribute.args[..] {
            [arg] if word(arg).is_some_and(|w| w.name == "C") => result.repr_c = true,
            _ => diagnostics.push(
                Diagnostic::error(codes::E0206, attribute.span, "write `[repr(C)]`")
                    .label("the one layout that can be asked for is that of C"),
            ),
        },
        "derive" => derives(attribute, result, diagnostics),
        _ => {}
    }
}

/// `[allow(W0402)]`.
fn allows(attribute: &ast::Attribute, function: &mut FnAttrs, diagnostics: &mut Vec<Diagnostic>) {
    if attribute.args.is_empty() {
        diagnostics.push(
            Diagnostic::error(codes::E0206, attribute.span, "`[allow]` needs the codes of warnings")
                .label("for example `[allow(W0402)]`"),
        );
    }
    for arg in &attribute.args {
        let Some(word) = word(arg) else { continue };
        let name = word.name.as_str();
        if codes::ALL.iter().any(|(code, _)| code.0 == name && name.starts_with('W')) {
            function.allow.push(word.name);
        } else if !name.is_empty() {
            let warnings = codes::ALL.iter().map(|(c, _)| c.0).filter(|c| c.starts_with('W'));
            let mut diagnostic =
                Diagnostic::error(codes::E0206, word.span, format!("there is no warning `{name}`"))
                    .label("not the code of a warning")
                    .help("the code stands at the beginning of the warning: `W0402`");
            if let Some(near) = closest(name, warnings) {
                diagnostic = diagnostic.fix(format!("write `{near}`"), word.span, near, Applicability::Maybe);
            }
            diagnostics.push(diagnostic);
        }
    }
}

fn derives(attribute: &ast::Attribute, result: &mut Attrs, diagnostics: &mut Vec<Diagnostic>) {
    if attribute.args.is_empty() {
        diagnostics.push(
            Diagnostic::error(codes::E0206, attribute.span, "`[derive]` needs the traits to derive")
                .label("nothing to derive")
                .help("for example `[derive(Clone, Debug)]`"),
        );
    }
    for arg in &attribute.args {
        let Some(word) = word(arg) else {
            diagnostics.push(
                Diagnostic::error(codes::E0222, attribute.span, "only names of traits can be derived")
                    .label("expected names, as in `[derive(Clone, Debug)]`"),
            );
            continue;
        };
        let name = word.name.as_str();
        match derive_trait(name) {
            Some(trait_) => match result.derives.iter().find(|d| d.0 == trait_) {
                Some(&(_, first)) => diagnostics.push(
                    Diagnostic::error(codes::E0222, word.span, format!("`{name}` is derived twice"))
                        .label("the second time")
                        .also(first, "the first time"),
                ),
                None => result.derives.push((trait_, word.span)),
            },
            None if name.is_empty() => {}
            None => {
                let mut diagnostic =
                    Diagnostic::error(codes::E0222, word.span, format!("`{name}` cannot be derived"))
                        .label("not derivable");
                let renamed = match name {
                    "PartialEq" => Some("Eq"),
                    "PartialOrd" => Some("Ord"),
                    _ => closest(name, DERIVES.iter().map(|d| d.0)),
                };
                // What needs the trait meant says nothing more.
                if let Some(meant) = renamed.and_then(derive_trait)
                    && result.derives.iter().all(|d| d.0 != meant)
                {
                    result.derives.push((meant, word.span));
                }
                diagnostic = match renamed {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        word.span,
                        near,
                        Applicability::Certain,
                    ),
                    None => diagnostic.help(format!(
                        "derivable are {}; for others write an `impl`",
                        DERIVES.iter().map(|d| format!("`{}`", d.0)).collect::<Vec<_>>().join(", ")
                    )),
                };
                diagnostics.push(diagnostic);
            }
        }
    }
}

/// A bare word among the arguments, however the parser kept it.
fn word(arg: &ast::AttributeArg) -> Option<ast::Ident> {
    match (&arg.name, &arg.value) {
        (Some(name), None) => Some(*name),
        (None, Some(ast::Expr { kind: ExprKind::Path(path), .. })) => match &path.segments[..] {
            [segment] => Some(segment.name),
            _ => None,
        },
        _ => None,
    }
}

/// The first text among the arguments: `[lang = "x"]`, `[deprecated("x")]`.
fn text_arg(attribute: &ast::Attribute) -> Option<String> {
    attribute.args.iter().find_map(|arg| match &arg.value {
        Some(ast::Expr { kind: ExprKind::Literal(Literal::Str(text)), .. }) => Some(text.to_string()),
        _ => None,
    })
}
