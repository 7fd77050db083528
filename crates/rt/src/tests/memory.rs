//! Blocks that grow and shrink across the size from which they are mappings of their own.

use crate::mapping::{LARGE, is_one};
use crate::memory;
use crate::sanitize::GIVES_BACK;

fn fill(block: *mut u8, from: usize, to: usize) {
    for i in (from..to).step_by(997) {
        // SAFETY: inside the block.
        unsafe { block.add(i).write((i / 997) as u8) };
    }
}

fn check(block: *mut u8, to: usize) {
    for i in (0..to).step_by(997) {
        // SAFETY: inside the block.
        assert_eq!(unsafe { block.add(i).read() }, (i / 997) as u8, "at {i}");
    }
}

fn through(sizes: &[usize], align: usize) -> (*mut u8, usize) {
    let mut size = sizes[0];
    let mut block = memory::alloc(size, align);
    fill(block, 0, size);
    for &next in &sizes[1..] {
        // SAFETY: the block is of this size and alignment.
        block = unsafe { memory::realloc(block, size, align, next) };
        assert_eq!(block as usize % align, 0);
        check(block, size.min(next));
        fill(block, 0, next);
        size = next;
    }
    (block, size)
}

#[test]
fn contents_survive_growing_and_shrinking() {
    let sizes = [100, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 5, 2 * LARGE, 9 * LARGE, LARGE];
    let (block, size) = through(&sizes, 8);
    assert_ne!(is_one(block, size), GIVES_BACK);
    // SAFETY: as above.
    unsafe { memory::free(block, size, 8) };
    let (block, size) = through(&[LARGE, 2 * LARGE, 2 * LARGE, 50, 2 * LARGE], 16);
    assert_ne!(is_one(block, size), GIVES_BACK);
    // SAFETY: as above.
    unsafe { memory::free(block, size, 16) };
}

#[test]
fn what_never_grew_is_the_allocators() {
    let block = memory::alloc(2 * LARGE, 8);
    assert!(!is_one(block, 2 * LARGE));
    // SAFETY: the block is of this size and alignment.
    let block = unsafe { memory::realloc(block, 2 * LARGE, 8, 2 * LARGE - 5) };
    assert!(!is_one(block, 2 * LARGE - 5));
    // SAFETY: as above.
    unsafe { memory::free(block, 2 * LARGE - 5, 8) };
    let (block, size) = through(&[100, LARGE, 4 * LARGE], 1 << 14);
    assert!(!is_one(block, size));
    // SAFETY: as above.
    unsafe { memory::free(block, size, 1 << 14) };
}

#[test]
fn many_grow_side_by_side() {
    let mut blocks: Vec<(*mut u8, usize)> = (0..4).map(|_| through(&[10, LARGE], 8)).collect();
    for factor in 2..6 {
        for (block, size) in &mut blocks {
            // SAFETY: the block is of this size and alignment.
            *block = unsafe { memory::realloc(*block, *size, 8, factor * LARGE) };
            check(*block, *size);
            *size = factor * LARGE;
            fill(*block, 0, *size);
        }
    }
    for (block, size) in blocks {
        check(block, size);
        // SAFETY: as above.
        unsafe { memory::free(block, size, 8) };
    }
}
