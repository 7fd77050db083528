//! Which values a list of patterns leaves out, and which patterns can never match.
//!
//! Not here: what patterns mean ([`super::pattern`]) or the messages about them
//! ([`super::exhaustive`]). The one thing to know: this is Maranget's algorithm. A matrix of
//! patterns is specialised by each constructor that its first column distinguishes; a witness
//! is rebuilt on the way back. The work is bounded by a step budget, since the problem is
//! exponential in the worst case.

use base::Idx;

use super::flat::{self, Flat};
use crate::items::{AdtKind, FieldIdx, Program, Shape, VariantIdx};
use crate::thir::{Lit, Pat, PatKind};
use crate::ty::{Ty, TyKind, Tys};

/// Steps after which a match counts as too complex to decide.
const BUDGET: u32 = 200_000;
/// How many missing patterns are worth naming.
const MAX_WITNESSES: usize = 4;

/// What distinguishes values of one type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Ctor {
    /// The only shape there is: tuples, structs, references.
    Single,
    Variant(VariantIdx),
    Bool(bool),
    /// Inclusive, on integers and chars.
    Range(i128, i128),
    Str(Box<str>),
    Float(u64),
    /// Exactly this many elements.
    Len(usize),
    /// `[a, .., b]`: at least `before + after` elements.
    VarLen(usize, usize),
    /// Matches some values, nobody knows which.
    Opaque,
    Wild,
    /// Everything that no listed constructor covers (strings, floats, unknown types).
    Rest,
}

/// A pattern reduced to what matters for coverage.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub ctor: Ctor,
    pub fields: Vec<Node>,
    /// Alternatives; then `ctor` is unused.
    pub alternatives: Vec<Node>,
}

impl Node {
    fn new(ctor: Ctor, fields: Vec<Node>) -> Node {
        Node { ctor, fields, alternatives: Vec::new() }
    }

    fn wild() -> Node {
        Node::new(Ctor::Wild, Vec::new())
    }

    fn is_wild(&self) -> bool {
        self.ctor == Ctor::Wild && self.alternatives.is_empty()
    }
}

/// A value that no pattern matches, as a pattern.
#[derive(Clone, Debug)]
struct Witness {
    ctor: Ctor,
    fields: Vec<Witness>,
    ty: Ty,
}

/// The work ran over its budget.
struct TooComplex;

type Row = Vec<Node>;

/// What the analysis of a match found.
pub(super) enum Coverage {
    /// Every value is matched; positions of arms that no value reaches.
    Complete {
        unreachable: Vec<usize>,
    },
    /// Patterns for values that nothing matches, as the user would write them.
    Missing {
        patterns: Vec<String>,
        more: bool,
        unreachable: Vec<usize>,
    },
    TooComplex,
}

/// Analyses the arms of a match on a value of type `ty`. An arm with a guard covers nothing.
pub(super) fn analyse(program: &Program, ty: Ty, arms: &[(&Pat, bool)]) -> Coverage {
    let mut matrix = Analysis { program, steps: 0 };
    match matrix.run(ty, arms) {
        Ok(coverage) => coverage,
        Err(TooComplex) => Coverage::TooComplex,
    }
}

struct Analysis<'p> {
    program: &'p Program,
    steps: u32,
}

impl Analysis<'_> {
    fn run(&mut self, ty: Ty, arms: &[(&Pat, bool)]) -> Result<Coverage, TooComplex> {
        let arms: Vec<(Node, bool)> =
            arms.iter().map(|&(pat, guarded)| (self.reduce(pat), guarded)).collect();
        if let Some(Flat { unreachable, missing }) = flat::analyse(ty, &arms) {
            let witness = |ctor| vec![Witness { ctor, fields: Vec::new(), ty: ty.peel_refs() }];
            return Ok(self.coverage(missing.into_iter().map(witness).collect(), unreachable));
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut unreachable = Vec::new();
        for (position, (node, guarded)) in arms.into_iter().enumerate() {
            let row = vec![node];
            if !self.useful(&rows, &row, &[ty])? {
                unreachable.push(position);
            }
            if !guarded {
                rows.push(row);
            }
        }
        let witnesses = self.missing(&rows, &[ty])?;
        Ok(self.coverage(witnesses, unreachable))
    }

    fn coverage(&self, witnesses: Vec<Vec<Witness>>, unreachable: Vec<usize>) -> Coverage {
        if witnesses.is_empty() {
            return Coverage::Complete { unreachable };
        }
        let more = witnesses.len() > MAX_WITNESSES;
        let mut patterns: Vec<String> = Vec::new();
        for witness in witnesses.iter().take(MAX_WITNESSES) {
            let text = self.show(&witness[0]);
            if !patterns.contains(&text) {
                patterns.push(text);
            }
        }
        Coverage::Missing { patterns, more, unreachable }
    }

    fn step(&mut self) -> Result<(), TooComplex> {
        self.steps += 1;
        if self.steps > BUDGET { Err(TooComplex) } else { Ok(()) }
    }

    fn reduce(&self, pat: &Pat) -> Node {
        match &pat.kind {
            PatKind::Wildcard | PatKind::Error => Node::wild(),
            PatKind::Binding { sub, .. } => match sub {
                Some(sub) => self.reduce(sub),
                None => Node::wild(),
            },
            PatKind::Literal(lit) => Node::new(literal(lit), Vec::new()),
            PatKind::Range { lo, hi, inclusive } => {
                let Some((min, max)) = self.bounds(pat.ty) else {
                    return Node::new(Ctor::Opaque, Vec::new());
                };
                let lo = lo.as_ref().and_then(number).unwrap_or(min);
                let hi = match hi.as_ref().and_then(number) {
                    Some(hi) if *inclusive => hi,
                    Some(hi) => hi - 1,
                    None => max,
                };
                Node::new(Ctor::Range(lo, hi), Vec::new())
            }
            PatKind::Const { .. } => Node::new(Ctor::Opaque, Vec::new()),
            PatKind::Tuple(pats) => Node::new(Ctor::Single, pats.iter().map(|p| self.reduce(p)).collect()),
            PatKind::Struct { adt, variant, fields, .. } => {
                let decl = &self.program.adts[*adt];
                let arity = decl.variants[*variant].fields.len();
                let mut nodes = vec![Node::wild(); arity];
                for (field, sub) in fields {
                    if let Some(slot) = nodes.get_mut(field.index()) {
                        *slot = self.reduce(sub);
                    }
                }
                let ctor = match decl.kind {
                    AdtKind::Struct => Ctor::Single,
                    AdtKind::Enum => Ctor::Variant(*variant),
                };
                Node::new(ctor, nodes)
            }
            PatKind::Slice { before, rest, after } => {
                let fields = before.iter().chain(after).map(|p| self.reduce(p));
                if rest.is_none() {
                    return Node::new(Ctor::Len(before.len()), fields.collect());
                }
                let len = match *pat.ty.kind() {
                    TyKind::Array(_, n) => constant(n),
                    _ => None,
                };
                match len {
                    // An array's length is known: the rest stands for as many as are left.
                    Some(len) => {
                        let filler = len.saturating_sub(before.len() + after.len());
                        let mut nodes: Vec<Node> = fields.collect();
                        let tail = nodes.split_off(before.len());
                        nodes.extend(std::iter::repeat_n(Node::wild(), filler));
                        nodes.extend(tail);
                        Node::new(Ctor::Len(len), nodes)
                    }
                    None => Node::new(Ctor::VarLen(before.len(), after.len()), fields.collect()),
                }
            }
            PatKind::Or(pats) => Node {
                ctor: Ctor::Opaque,
                fields: Vec::new(),
                alternatives: pats.iter().map(|p| self.reduce(p)).collect(),
            },
            PatKind::Deref(sub) => Node::new(Ctor::Single, vec![self.reduce(sub)]),
        }
    }

    /// Smallest and largest value of a type that ranges apply to.
    fn bounds(&self, ty: Ty) -> Option<(i128, i128)> {
        match *ty.kind() {
            TyKind::Int(int) => Some(int.range()),
            TyKind::Char => Some((0, 0x10_FFFF)),
            _ => None,
        }
    }

    /// The types of a constructor's fields.
    fn field_types(&self, ctor: &Ctor, ty: Ty) -> Vec<Ty> {
        match (ctor, ty.kind()) {
            (Ctor::Single, TyKind::Tuple(elems)) => elems.to_vec(),
            (Ctor::Single, TyKind::Ref(_, inner)) => vec![*inner],
            (Ctor::Single, TyKind::Adt(id, args)) => self.variant_fields(*id, VariantIdx(0), args),
            (Ctor::Variant(v), TyKind::Adt(id, args)) => self.variant_fields(*id, *v, args),
            (Ctor::Len(n), TyKind::List(elem) | TyKind::Array(elem, _)) => vec![*elem; *n],
            (Ctor::VarLen(a, b), TyKind::List(elem) | TyKind::Array(elem, _)) => {
                vec![*elem; a + b]
            }
            _ => Vec::new(),
        }
    }

    fn variant_fields(&self, id: crate::items::AdtId, variant: VariantIdx, args: Tys) -> Vec<Ty> {
        match self.program.adts[id].variants.get(variant) {
            Some(decl) => decl.fields.iter().map(|f| f.ty.subst(args)).collect(),
            None => Vec::new(),
        }
    }

    /// Splits the values of `ty` into groups that no pattern of the column tells apart.
    fn split(&self, ty: Ty, column: &[&Node]) -> Vec<Ctor> {
        match *ty.kind() {
            TyKind::Bool => vec![Ctor::Bool(false), Ctor::Bool(true)],
            TyKind::Never => Vec::new(),
            TyKind::Int(_) => {
                let (min, max) = self.bounds(ty).unwrap_or((0, 0));
                split_ranges(&[(min, max)], column)
            }
            TyKind::Char => split_ranges(&[(0, 0xD7FF), (0xE000, 0x10_FFFF)], column),
            TyKind::Tuple(_) | TyKind::Ref(..) => vec![Ctor::Single],
            TyKind::Adt(id, _) => match self.program.adts[id].kind {
                AdtKind::Struct => vec![Ctor::Single],
                AdtKind::Enum => self.program.adts[id].variants.ids().map(Ctor::Variant).collect(),
            },
            TyKind::Array(_, n) if constant(n).is_some() => {
                vec![Ctor::Len(constant(n).unwrap_or(0))]
            }
            TyKind::Array(..) | TyKind::List(_) => {
                // Beyond the longest fixed length, only as many elements at either end can
                // matter as some pattern names there.
                let (mut fixed, mut front, mut back) = (0, 0, 0);
                for node in column {
                    match node.ctor {
                        Ctor::Len(n) => fixed = fixed.max(n + 1),
                        Ctor::VarLen(a, b) => {
                            front = front.max(a);
                            back = back.max(b);
                        }
                        _ => {}
                    }
                }
                let long = fixed.max(front + back);
                (0..long).map(Ctor::Len).chain([Ctor::VarLen(long - back, back)]).collect()
            }
            _ => {
                let mut ctors: Vec<Ctor> = Vec::new();
                for node in column {
                    if matches!(node.ctor, Ctor::Str(_) | Ctor::Float(_)) && !ctors.contains(&node.ctor) {
                        ctors.push(node.ctor.clone());
                    }
                }
                ctors.push(Ctor::Rest);
                ctors
            }
        }
    }

    /// The row's patterns for values made by `ctor`, or nothing if it does not match them.
    fn specialise(&self, row: &[Node], ctor: &Ctor, arity: usize) -> Option<Row> {
        let (head, tail) = row.split_first()?;
        let mut fields = match (&head.ctor, ctor) {
            (Ctor::Wild, _) => vec![Node::wild(); arity],
            (Ctor::Range(a, b), Ctor::Range(lo, hi)) if a <= lo && hi <= b => Vec::new(),
            (Ctor::VarLen(a, b), Ctor::Len(_) | Ctor::VarLen(..)) if a + b <= arity => {
                let mut nodes = head.fields[..*a].to_vec();
                nodes.extend(std::iter::repeat_n(Node::wild(), arity - a - b));
                nodes.extend_from_slice(&head.fields[*a..]);
                nodes
            }
            (mine, theirs) if mine == theirs => {
                let mut nodes = head.fields.clone();
                nodes.resize(arity, Node::wild());
                nodes
            }
            _ => return None,
        };
        fields.extend_from_slice(tail);
        Some(fields)
    }

    /// Patterns for values that no row matches.
    fn missing(&mut self, rows: &[Row], tys: &[Ty]) -> Result<Vec<Vec<Witness>>, TooComplex> {
        self.step()?;
        let Some((&ty, rest)) = tys.split_first() else {
            return Ok(if rows.is_empty() { vec![Vec::new()] } else { Vec::new() });
        };
        let rows = expand(rows);
        let column: Vec<&Node> = rows.iter().map(|row| &row[0]).collect();
        // Nothing is tested here: one group, whatever its constructors.
        if column.iter().all(|node| node.is_wild()) && !self.is_empty(ty) {
            let tails: Vec<Row> = rows.iter().map(|row| row[1..].to_vec()).collect();
            let found = self.missing(&tails, rest)?;
            let any = Witness { ctor: Ctor::Wild, fields: Vec::new(), ty };
            return Ok(found.into_iter().map(|w| prepend(any.clone(), w)).collect());
        }
        let mut witnesses = Vec::new();
        for ctor in self.split(ty, &column) {
            let field_tys = self.field_types(&ctor, ty);
            let arity = field_tys.len();
            let special: Vec<Row> =
                rows.iter().filter_map(|row| self.specialise(row, &ctor, arity)).collect();
            let mut inner: Vec<Ty> = field_tys;
            inner.extend_from_slice(rest);
            for mut witness in self.missing(&special, &inner)? {
                let tail = witness.split_off(arity);
                witnesses.push(prepend(Witness { ctor: ctor.clone(), fields: witness, ty }, tail));
            }
            if witnesses.len() > MAX_WITNESSES {
                break;
            }
        }
        Ok(witnesses)
    }

    fn is_empty(&self, ty: Ty) -> bool {
        match *ty.kind() {
            TyKind::Never => true,
            TyKind::Adt(id, _) => {
                let adt = &self.program.adts[id];
                adt.kind == AdtKind::Enum && adt.variants.is_empty()
            }
            _ => false,
        }
    }

    /// Whether `row` matches a value that none of `rows` does.
    fn useful(&mut self, rows: &[Row], row: &Row, tys: &[Ty]) -> Result<bool, TooComplex> {
        self.step()?;
        let Some((&ty, rest)) = tys.split_first() else {
            return Ok(rows.is_empty());
        };
        let head = &row[0];
        if !head.alternatives.is_empty() {
            // Each alternative counts; those before it are rows of their own.
            for alternative in &head.alternatives {
                let mut single = row.clone();
                single[0] = alternative.clone();
                if self.useful(rows, &single, tys)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let rows = expand(rows);
        if head.ctor == Ctor::Opaque {
            let tails: Vec<Row> = rows.iter().filter(|r| r[0].is_wild()).map(|r| r[1..].to_vec()).collect();
            return self.useful(&tails, &row[1..].to_vec(), rest);
        }
        if head.is_wild() && rows.iter().all(|r| r[0].is_wild()) {
            let tails: Vec<Row> = rows.iter().map(|r| r[1..].to_vec()).collect();
            return self.useful(&tails, &row[1..].to_vec(), rest);
        }
        let mut column: Vec<&Node> = rows.iter().map(|r| &r[0]).collect();
        column.push(head);
        // A single value falls into one group, whatever the others are.
        let groups = match head.ctor {
            Ctor::Str(_) | Ctor::Float(_) | Ctor::Variant(_) | Ctor::Bool(_) | Ctor::Single => {
                vec![head.ctor.clone()]
            }
            _ => self.split(ty, &column),
        };
        for ctor in groups {
            let field_tys = self.field_types(&ctor, ty);
            let arity = field_tys.len();
            let Some(mine) = self.specialise(row, &ctor, arity) else { continue };
            let special: Vec<Row> = rows.iter().filter_map(|r| self.specialise(r, &ctor, arity)).collect();
            let mut inner = field_tys;
            inner.extend_from_slice(rest);
            if self.useful(&special, &mine, &inner)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn show(&self, witness: &Witness) -> String {
        let list = |fields: &[Witness]| -> String {
            fields.iter().map(|f| self.show(f)).collect::<Vec<_>>().join(", ")
        };
        match &witness.ctor {
            Ctor::Bool(value) => value.to_string(),
            Ctor::Range(lo, hi) => self.show_range(witness.ty, *lo, *hi),
            Ctor::Str(text) => format!("{text:?}"),
            Ctor::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
            Ctor::Len(_) => format!("[{}]", list(&witness.fields)),
            Ctor::VarLen(..) if witness.fields.is_empty() => "[..]".into(),
            Ctor::VarLen(front, _) => {
                let (front, back) = witness.fields.split_at(*front);
                let parts = [list(front), "..".to_string(), list(back)];
                let shown: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
                format!("[{}]", shown.join(", "))
            }
            Ctor::Single => match *witness.ty.kind() {
                TyKind::Tuple(_) => format!("({})", list(&witness.fields)),
                TyKind::Adt(id, _) => self.show_variant(id, VariantIdx(0), &witness.fields),
                // References are looked through by patterns.
                _ => list(&witness.fields),
            },
            Ctor::Variant(variant) => match *witness.ty.kind() {
                TyKind::Adt(id, _) => self.show_variant(id, *variant, &witness.fields),
                _ => "_".into(),
            },
            Ctor::Wild | Ctor::Rest | Ctor::Opaque => "_".into(),
        }
    }

    fn show_variant(&self, id: crate::items::AdtId, variant: VariantIdx, fields: &[Witness]) -> String {
        let adt = &self.program.adts[id];
        let decl = &adt.variants[variant];
        let name = match adt.kind {
            AdtKind::Struct => adt.name.to_string(),
            AdtKind::Enum if self.program.prelude.values.contains_key(&decl.name) => decl.name.to_string(),
            AdtKind::Enum => format!("{}::{}", adt.name, decl.name),
        };
        match decl.shape {
            Shape::Unit => name,
            Shape::Tuple => {
                let inner: Vec<String> = fields.iter().map(|f| self.show(f)).collect();
                format!("{name}({})", inner.join(", "))
            }
            Shape::Named => {
                let shown: Vec<String> = fields
                    .iter()
                    .enumerate()
                    .filter(|(_, f)| !matches!(f.ctor, Ctor::Wild | Ctor::Rest))
                    .map(|(i, f)| format!("{}: {}", decl.fields[FieldIdx(i as u32)].name, self.show(f)))
                    .collect();
                if shown.is_empty() {
                    format!("{name}{{..}}")
                } else if shown.len() == decl.fields.len() {
                    format!("{name}{{{}}}", shown.join(", "))
                } else {
                    format!("{name}{{{}, ..}}", shown.join(", "))
                }
            }
        }
    }

    fn show_range(&self, ty: Ty, lo: i128, hi: i128) -> String {
        let (min, max) = self.bounds(ty).unwrap_or((lo, hi));
        let one = |value: i128| match ty.kind() {
            TyKind::Char => char::from_u32(value as u32).map_or("_".into(), |c| format!("{c:?}")),
            _ => value.to_string(),
        };
        match (lo == min, hi == max) {
            (true, true) => "_".into(),
            _ if lo == hi => one(lo),
            (true, false) => format!("..={}", one(hi)),
            (false, true) => format!("{}..", one(lo)),
            _ => format!("{}..={}", one(lo), one(hi)),
        }
    }
}

fn prepend(first: Witness, mut rest: Vec<Witness>) -> Vec<Witness> {
    rest.insert(0, first);
    rest
}

fn constant(ty: Ty) -> Option<usize> {
    match *ty.kind() {
        TyKind::Const(n) => usize::try_from(n).ok(),
        _ => None,
    }
}

fn number(lit: &Lit) -> Option<i128> {
    match lit {
        Lit::Int(value) => Some(*value),
        Lit::Char(c) => Some(*c as i128),
        _ => None,
    }
}

fn literal(lit: &Lit) -> Ctor {
    match lit {
        Lit::Int(value) => Ctor::Range(*value, *value),
        Lit::Char(c) => Ctor::Range(*c as i128, *c as i128),
        Lit::Bool(value) => Ctor::Bool(*value),
        Lit::Str(text) => Ctor::Str(text.clone()),
        Lit::Float(bits) => Ctor::Float(*bits),
    }
}

/// Rows whose head is an alternative become one row for each.
fn expand(rows: &[Row]) -> Vec<Row> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        push_expanded(row.clone(), &mut out);
    }
    out
}

fn push_expanded(row: Row, out: &mut Vec<Row>) {
    if row[0].alternatives.is_empty() {
        out.push(row);
        return;
    }
    for alternative in &row[0].alternatives {
        let mut single = row.clone();
        single[0] = alternative.clone();
        push_expanded(single, out);
    }
}

/// Cuts the parts at the ends of all ranges in the column.
fn split_ranges(parts: &[(i128, i128)], column: &[&Node]) -> Vec<Ctor> {
    let mut ctors = Vec::new();
    for &(min, max) in parts {
        // Each cut is the first value of a group.
        let mut cuts = vec![min];
        for node in column {
            if let Ctor::Range(lo, hi) = node.ctor {
                if lo > min && lo <= max {
                    cuts.push(lo);
                }
                if hi >= min && hi < max {
                    cuts.push(hi + 1);
                }
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        for (i, &lo) in cuts.iter().enumerate() {
            let hi = cuts.get(i + 1).map_or(max, |next| next - 1);
            ctors.push(Ctor::Range(lo, hi));
        }
    }
    ctors
}
