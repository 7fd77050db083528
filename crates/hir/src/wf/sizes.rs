//! Types that contain themselves by value, and so would have no end.

use base::{Applicability, Diagnostic, FxHashMap, Span, codes};
use syntax::ast::{self, StructBody};

use crate::collect::{AdtSource, Collector};
use crate::items::{AdtId, FieldIdx, Program, VariantIdx};
use crate::ty::{Ty, TyKind};

/// A type held by value in a field, and where.
#[derive(Clone, Copy)]
struct Edge {
    to: AdtId,
    variant: VariantIdx,
    field: FieldIdx,
}

pub(super) fn check(collector: &mut Collector) {
    let edges = edges(&collector.program);
    // 0 not seen, 1 on the path, 2 done.
    let mut state = vec![0u8; edges.len()];
    for start in collector.program.adts.ids() {
        if state[start.0 as usize] != 0 {
            continue;
        }
        let mut stack: Vec<(AdtId, usize)> = vec![(start, 0)];
        state[start.0 as usize] = 1;
        while let Some(&mut (at, ref mut next)) = stack.last_mut() {
            let Some(&edge) = edges[at.0 as usize].get(*next) else {
                state[at.0 as usize] = 2;
                stack.pop();
                continue;
            };
            *next += 1;
            match state[edge.to.0 as usize] {
                0 => {
                    state[edge.to.0 as usize] = 1;
                    stack.push((edge.to, 0));
                }
                1 => {
                    let first = stack.iter().position(|(id, _)| *id == edge.to).unwrap_or(0);
                    let ring: Vec<(AdtId, Edge)> = stack[first..]
                        .iter()
                        .map(|&(id, next)| (id, edges[id.0 as usize][next - 1]))
                        .collect();
                    report(collector, &ring);
                }
                _ => {}
            }
        }
    }
}

fn report(collector: &mut Collector, ring: &[(AdtId, Edge)]) {
    let program = &collector.program;
    // The user's part of the circle, from the type declared first.
    let Some(&(id, edge)) =
        ring.iter().filter(|(id, _)| !program.in_std(program.adts[*id].module)).min_by_key(|(id, _)| *id)
    else {
        return;
    };
    let adt = &program.adts[id];
    let mut diagnostic = Diagnostic::error(
        codes::E0214,
        adt.name_span,
        format!("`{}` contains itself, so it would have no end", adt.name),
    )
    .label("a type of infinite size");
    for &(other, edge) in ring.iter().filter(|(id, _)| !program.in_std(program.adts[*id].module)) {
        let field = &program.adts[other].variants[edge.variant].fields[edge.field];
        let inner = if ring.len() == 1 {
            "contained here, by value".into()
        } else {
            format!("here it holds `{}`", program.adts[edge.to].name)
        };
        diagnostic = diagnostic.also(field.span, inner);
    }
    diagnostic = diagnostic.help("put it into a `Box`, which holds its value elsewhere");
    if let Some(span) = field_type_span(collector, id, edge) {
        let text = collector.texts.text(span);
        // Inside an `Option` only what may be absent needs the box.
        let inner = text.strip_prefix("Option[").and_then(|t| t.strip_suffix(']'));
        let replacement = match inner {
            Some(inner) => format!("Option[Box[{inner}]]"),
            None => format!("Box[{text}]"),
        };
        diagnostic = diagnostic.fix("box it", span, replacement, Applicability::Maybe);
    }
    collector.report(diagnostic);
}

fn field_type_span(collector: &Collector, id: AdtId, edge: Edge) -> Option<Span> {
    let body: &StructBody = match collector.adt_source(id) {
        AdtSource::Struct(s) => &s.body,
        AdtSource::Enum(e) => &e.variants.get(edge.variant.0 as usize)?.body,
    };
    fields(body).get(edge.field.0 as usize).map(|f| f.ty.span)
}

pub(super) fn fields(body: &StructBody) -> &[ast::FieldDef] {
    match body {
        StructBody::Unit => &[],
        StructBody::Tuple(fields) | StructBody::Named(fields) => fields,
    }
}

fn edges(program: &Program) -> Vec<Vec<Edge>> {
    let inline = inline_params(program);
    program
        .adts
        .iter()
        .map(|adt| {
            let mut found: FxHashMap<AdtId, Edge> = FxHashMap::default();
            let mut list = Vec::new();
            for (variant, data) in adt.variants.iter_enumerated() {
                for (field, data) in data.fields.iter_enumerated() {
                    by_value(data.ty, &inline, &mut |ty| {
                        if let TyKind::Adt(to, _) = *ty.kind() {
                            found.entry(to).or_insert_with(|| {
                                let edge = Edge { to, variant, field };
                                list.push(edge);
                                edge
                            });
                        }
                    });
                }
            }
            list
        })
        .collect()
}

/// Which parameters of each type it holds by value: to a fixpoint.
fn inline_params(program: &Program) -> Vec<Vec<bool>> {
    let mut inline: Vec<Vec<bool>> =
        program.adts.iter().map(|adt| vec![false; adt.generics.params.len()]).collect();
    let generic: Vec<AdtId> =
        program.adts.ids().filter(|&id| !program.adts[id].generics.params.is_empty()).collect();
    let mut backwards = false;
    loop {
        let mut changed = false;
        let order: Box<dyn Iterator<Item = &AdtId>> =
            if backwards { Box::new(generic.iter().rev()) } else { Box::new(generic.iter()) };
        for &id in order {
            let mut found = Vec::new();
            for field in program.adts[id].variants.iter().flat_map(|v| v.fields.iter()) {
                by_value(field.ty, &inline, &mut |ty| {
                    if let TyKind::Param(p) = ty.kind() {
                        found.push(p.index as usize);
                    }
                });
            }
            for index in found {
                if let Some(slot) = inline[id.0 as usize].get_mut(index) {
                    changed |= !*slot;
                    *slot = true;
                }
            }
        }
        if !changed {
            return inline;
        }
        backwards = !backwards;
    }
}

/// Calls `f` for each type that a value of `ty` has inside of itself.
fn by_value(ty: Ty, inline: &[Vec<bool>], f: &mut dyn FnMut(Ty)) {
    match *ty.kind() {
        TyKind::Tuple(elems) => elems.iter().for_each(|&t| by_value(t, inline, f)),
        TyKind::Array(elem, _) => by_value(elem, inline, f),
        TyKind::Adt(id, args) => {
            f(ty);
            for (i, &arg) in args.iter().enumerate() {
                if inline[id.0 as usize].get(i).copied().unwrap_or(false) {
                    by_value(arg, inline, f);
                }
            }
        }
        TyKind::Param(_) => f(ty),
        _ => {}
    }
}
