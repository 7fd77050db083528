//! Coverage of a `match` on one number, character or text: what [`super::usefulness`] finds for any
//! patterns, in time that grows with the arms and not with their square. Tables of thousands of
//! arms are written by programs.

use std::collections::BTreeMap;

use base::FxHashSet;

use super::usefulness::{Ctor, Node};
use crate::ty::{Ty, TyKind};

/// Positions of arms that no value reaches, and what no arm matches.
pub(super) struct Flat {
    pub unreachable: Vec<usize>,
    pub missing: Vec<Ctor>,
}

/// `None` if there is more to the patterns. An arm with a guard covers nothing.
pub(super) fn analyse(ty: Ty, arms: &[(Node, bool)]) -> Option<Flat> {
    let mut ty = ty;
    let mut depth = 0;
    while let TyKind::Ref(_, inner) = *ty.kind() {
        ty = inner;
        depth += 1;
    }
    let mut covered = match *ty.kind() {
        TyKind::Int(int) => Covered::Numbers { parts: vec![int.range()], runs: BTreeMap::new() },
        TyKind::Char => {
            Covered::Numbers { parts: vec![(0, 0xD7FF), (0xE000, 0x10_FFFF)], runs: BTreeMap::new() }
        }
        TyKind::Str | TyKind::Float(_) => Covered::Texts { seen: FxHashSet::default(), all: false },
        _ => return None,
    };
    let mut unreachable = Vec::new();
    for (position, (node, guarded)) in arms.iter().enumerate() {
        let mut leaves = Vec::new();
        collect(node, depth, &mut leaves)?;
        if leaves.iter().all(|leaf| covered.has(leaf)) {
            unreachable.push(position);
        }
        if !guarded {
            leaves.into_iter().for_each(|leaf| covered.add(leaf));
        }
    }
    Some(Flat { unreachable, missing: covered.missing() })
}

/// The constructors of a pattern's alternatives, `depth` references down.
fn collect<'n>(node: &'n Node, depth: u32, out: &mut Vec<&'n Ctor>) -> Option<()> {
    if !node.alternatives.is_empty() {
        return node.alternatives.iter().try_for_each(|node| collect(node, depth, out));
    }
    match (&node.ctor, &node.fields[..]) {
        (Ctor::Single, [inner]) if depth > 0 => collect(inner, depth - 1, out),
        (ctor @ (Ctor::Wild | Ctor::Range(..) | Ctor::Str(_) | Ctor::Float(_)), []) => {
            out.push(ctor);
            Some(())
        }
        _ => None,
    }
}

enum Covered {
    /// Runs of covered values that neither touch nor overlap: first to last.
    Numbers {
        parts: Vec<(i128, i128)>,
        runs: BTreeMap<i128, i128>,
    },
    Texts {
        seen: FxHashSet<Ctor>,
        all: bool,
    },
}

impl Covered {
    fn has(&self, ctor: &Ctor) -> bool {
        match self {
            Covered::Texts { seen, all } => *all || seen.contains(ctor),
            Covered::Numbers { parts, runs } => clip(parts, ctor)
                .all(|(lo, hi)| runs.range(..=lo).next_back().is_some_and(|(_, &end)| end >= hi)),
        }
    }

    fn add(&mut self, ctor: &Ctor) {
        match self {
            Covered::Texts { all, .. } if *ctor == Ctor::Wild => *all = true,
            Covered::Texts { seen, .. } => {
                seen.insert(ctor.clone());
            }
            Covered::Numbers { parts, runs } => {
                for (mut lo, mut hi) in clip(parts, ctor) {
                    while let Some((&start, &end)) = runs.range(..=hi + 1).next_back()
                        && end >= lo - 1
                    {
                        runs.remove(&start);
                        lo = lo.min(start);
                        hi = hi.max(end);
                    }
                    runs.insert(lo, hi);
                }
            }
        }
    }

    fn missing(&self) -> Vec<Ctor> {
        match self {
            Covered::Texts { all: true, .. } => Vec::new(),
            Covered::Texts { .. } => vec![Ctor::Rest],
            Covered::Numbers { parts, runs } => {
                let mut gaps = Vec::new();
                for &(min, max) in parts {
                    let mut at = min;
                    for (&lo, &hi) in runs.range(min..=max) {
                        if at < lo {
                            gaps.push(Ctor::Range(at, lo - 1));
                        }
                        at = hi + 1;
                    }
                    if at <= max {
                        gaps.push(Ctor::Range(at, max));
                    }
                }
                gaps
            }
        }
    }
}

/// What of each part a constructor matches.
fn clip(parts: &[(i128, i128)], ctor: &Ctor) -> impl Iterator<Item = (i128, i128)> {
    let (lo, hi) = match *ctor {
        Ctor::Range(lo, hi) => (lo, hi),
        _ => (i128::MIN, i128::MAX),
    };
    parts.iter().map(move |&(min, max)| (lo.max(min), hi.min(max))).filter(|(lo, hi)| lo <= hi)
}
