//! Memory orderings by their numbers in std: 0 relaxed, 1 acquire, 2 release, 3 acq_rel,
//! 4 seq_cst.

use llvm_sys::LLVMAtomicOrdering as Ordering;

/// The orderings that make sense for an operation, the strongest last.
pub fn orderings(kind: &str) -> &'static [i64] {
    match kind {
        "load" => &[0, 1, 4],
        "store" => &[0, 2, 4],
        _ => &[0, 1, 2, 3, 4],
    }
}

pub fn ordering(kind: &str, number: i64) -> Ordering {
    match (kind, number) {
        (_, 0) => Ordering::LLVMAtomicOrderingMonotonic,
        ("load", 1) => Ordering::LLVMAtomicOrderingAcquire,
        ("store", 2) => Ordering::LLVMAtomicOrderingRelease,
        ("load" | "store", _) => Ordering::LLVMAtomicOrderingSequentiallyConsistent,
        (_, 1) => Ordering::LLVMAtomicOrderingAcquire,
        (_, 2) => Ordering::LLVMAtomicOrderingRelease,
        (_, 3) => Ordering::LLVMAtomicOrderingAcquireRelease,
        _ => Ordering::LLVMAtomicOrderingSequentiallyConsistent,
    }
}

/// Of the load that a failed compare-and-swap is.
pub fn on_failure(ordering: Ordering) -> Ordering {
    match ordering {
        Ordering::LLVMAtomicOrderingRelease => Ordering::LLVMAtomicOrderingMonotonic,
        Ordering::LLVMAtomicOrderingAcquireRelease => Ordering::LLVMAtomicOrderingAcquire,
        other => other,
    }
}
