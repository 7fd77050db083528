//! Calls brought along from other languages: `len(xs)`, `range(10)`, `Point(1, 2)`.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::Checker;
use super::expr::unparen;
use crate::items::{AdtKind, Def, Ns, Shape, VariantIdx};
use crate::resolve::Res;

/// Functions of other languages with as many arguments, and what is written here: `$0` is the first one.
const FUNCTIONS: &[(&str, usize, &str)] = &[
    ("len", 1, "$0.len()"),
    ("str", 1, "$0.to_string()"),
    ("abs", 1, "$0.abs()"),
    ("sqrt", 1, "$0.sqrt()"),
    ("floor", 1, "$0.floor()"),
    ("ceil", 1, "$0.ceil()"),
    ("round", 1, "$0.round()"),
    ("pow", 2, "$0.pow($1)"),
    ("min", 1, "$0.iter().min()"),
    ("max", 1, "$0.iter().max()"),
    ("min", 2, "$0.min($1)"),
    ("max", 2, "$0.max($1)"),
    ("sum", 1, "$0.iter().sum()"),
    ("any", 1, "$0.any(|x| x)"),
    ("all", 1, "$0.all(|x| x)"),
    ("reversed", 1, "$0.iter().rev()"),
    ("enumerate", 1, "$0.enumerate()"),
    ("zip", 2, "$0.iter().zip($1.iter())"),
    ("map", 2, "$1.iter().map($0)"),
    ("filter", 2, "$1.iter().filter($0)"),
    ("append", 2, "$0.push($1)"),
    ("delete", 2, "$0.remove($1)"),
    ("next", 1, "$0.next()"),
    ("ord", 1, "$0 as u32"),
    ("input", 0, "io::read_line()"),
    ("input", 1, "io::prompt($0)"),
    ("open", 1, "fs::File::open($0)"),
    ("exit", 0, "process::exit(0)"),
    ("exit", 1, "process::exit($0)"),
    ("todo", 0, "panic(\"not written yet\")"),
    ("unimplemented", 0, "panic(\"not written yet\")"),
];

impl Checker<'_> {
    /// A call of something that other languages have; reported, with what is written here.
    pub(super) fn refuse_foreign_call(&mut self, path: &ast::Path, args: &[ast::Arg], span: Span) -> bool {
        let [segment] = path.segments.as_slice() else { return false };
        let name = segment.name;
        if self.local_in_scope(name.name).is_some() || self.try_resolve(path, Ns::Values).is_ok() {
            return false;
        }
        if name.name == "range" {
            return self.refuse_range(path, args, span);
        }
        if self.refuse_struct_call(path, args, span) {
            return true;
        }
        let text = name.name.as_str();
        let known = FUNCTIONS.iter().find(|(theirs, count, _)| *theirs == text && *count == args.len());
        let Some((_, _, ours)) = known else { return false };
        let mut new = (*ours).to_owned();
        for (i, arg) in args.iter().enumerate() {
            let written = self.sources.text(arg.value.span);
            let operand = match &unparen(&arg.value).kind {
                ast::ExprKind::Binary { .. }
                | ast::ExprKind::Unary { .. }
                | ast::ExprKind::Ref { .. }
                | ast::ExprKind::Deref(_)
                | ast::ExprKind::Range { .. }
                | ast::ExprKind::Cast { .. }
                    if ours.contains(&format!("${i}.")) =>
                {
                    format!("({written})")
                }
                _ => written.to_owned(),
            };
            new = new.replace(&format!("${i}"), &operand);
        }
        let diagnostic =
            Diagnostic::error(codes::E0201, name.span, format!("there is no function `{text}` here"))
                .label("not found");
        self.report(match new.contains('\n') {
            true => diagnostic.help(format!("write `{}`", ours.replace("$0", "x").replace("$1", "y"))),
            false => diagnostic.fix(format!("write `{new}`"), span, new, Applicability::Maybe),
        });
        true
    }

    /// `Point(1, 2)` where the struct has named fields.
    fn refuse_struct_call(&mut self, path: &ast::Path, args: &[ast::Arg], span: Span) -> bool {
        let Ok(resolved) = self.try_resolve(path, Ns::Types) else { return false };
        let Res::Def(Def::Adt(adt)) = resolved.res else { return false };
        let decl = &self.program.adts[adt];
        let variant = &decl.variants[VariantIdx(0)];
        if decl.kind != AdtKind::Struct
            || variant.shape != Shape::Named
            || self.program.in_std(decl.module)
            || self.program.actors.contains_key(&adt)
        {
            return false;
        }
        let name = decl.name;
        let places: Vec<&str> = args.iter().map(|arg| self.sources.text(arg.value.span)).collect();
        let given = variant
            .fields
            .iter()
            .enumerate()
            .map(|(i, field)| format!("{}: {}", field.name, places.get(i).copied().unwrap_or("…")));
        let new = format!("{name}{{{}}}", given.collect::<Vec<_>>().join(", "));
        let diagnostic =
            Diagnostic::error(codes::E0208, path.span, format!("expected a value, but `{name}` is a struct"))
                .label("a struct is not called")
                .also(decl.name_span, "declared here");
        let fits = args.len() == variant.fields.len() && !new.contains('\n');
        self.report(match fits {
            true => diagnostic.fix("name the fields", span, new, Applicability::Maybe),
            false => diagnostic.help(format!("its fields are named: `{}`", self.made_of(adt))),
        });
        true
    }

    /// `Point{x: …, y: …}`
    pub(super) fn made_of(&self, adt: crate::items::AdtId) -> String {
        let decl = &self.program.adts[adt];
        let fields: Vec<String> =
            decl.variants[VariantIdx(0)].fields.iter().map(|f| format!("{}: …", f.name)).collect();
        format!("{}{{{}}}", decl.name, fields.join(", "))
    }

    /// `range(…)`, brought along from Python.
    fn refuse_range(&mut self, path: &ast::Path, args: &[ast::Arg], span: Span) -> bool {
        let texts: Vec<&str> = args.iter().map(|arg| self.sources.text(arg.value.span)).collect();
        let (start, end, step) = match texts.as_slice() {
            [end] => ("0", *end, None),
            [start, end] => (*start, *end, None),
            [start, end, step] => (*start, *end, Some(*step)),
            _ => return false,
        };
        let diagnostic = Diagnostic::error(codes::E0208, path.span, "a range is written with `..`");
        let called = self.sources.file(span.file).text[span.hi as usize..].starts_with('.');
        let new = match step {
            Some(step) if step.starts_with('-') => {
                self.report(diagnostic.help("`(low..high).rev()` counts down, from `high - 1` to `low`"));
                return true;
            }
            Some(step) => format!("({start}..{end}).step_by({step})"),
            None if called => format!("({start}..{end})"),
            None => format!("{start}..{end}"),
        };
        self.report(diagnostic.fix(format!("write `{new}`"), span, new, Applicability::Maybe));
        true
    }
}
