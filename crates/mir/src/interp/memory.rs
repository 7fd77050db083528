//! Memory in which every byte knows whether it is initialised, which pointer it is a part of,
//! and by which references it may be touched.
//!
//! An allocation's bytes have a stack of borrows each (equal neighbours share one), as in the
//! Stacked Borrows model: a reference is a tag; using it must find its tag in the stack, and
//! takes away the tags above that the use contradicts. Raw pointers keep the tag of the
//! reference they were made from. What a checked program does must never fail here.

use base::FxHashMap;
use smallvec::SmallVec;

/// Which allocation a pointer points into, and as which reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prov {
    pub alloc: u32,
    pub tag: u32,
}

/// The owner's own tag in every allocation.
pub const BASE: u32 = 0;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ptr {
    pub addr: u64,
    pub prov: Option<Prov>,
}

impl Ptr {
    pub fn offset(self, by: i64) -> Ptr {
        Ptr { addr: self.addr.wrapping_add_signed(by), ..self }
    }

    pub fn int(addr: u64) -> Ptr {
        Ptr { addr, prov: None }
    }
}

/// A value as bytes, on its way between places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bytes {
    pub data: SmallVec<[u8; 24]>,
    pub init: SmallVec<[bool; 24]>,
    /// Pointers in it, by offset.
    pub ptrs: SmallVec<[(u32, Prov); 2]>,
}

impl Bytes {
    pub fn uninit(size: usize) -> Bytes {
        Bytes {
            data: SmallVec::from_elem(0, size),
            init: SmallVec::from_elem(false, size),
            ptrs: SmallVec::new(),
        }
    }

    pub fn int(value: u128, size: usize) -> Bytes {
        Bytes {
            data: SmallVec::from_slice(&value.to_le_bytes()[..size]),
            init: SmallVec::from_elem(true, size),
            ptrs: SmallVec::new(),
        }
    }

    pub fn ptr(ptr: Ptr) -> Bytes {
        let mut bytes = Bytes::int(u128::from(ptr.addr), 8);
        bytes.ptrs.extend(ptr.prov.map(|p| (0, p)));
        bytes
    }

    pub fn len(&self) -> usize {
        self.data.len()
    }

    pub fn put(&mut self, offset: usize, part: &Bytes) {
        let end = offset + part.len();
        self.data[offset..end].copy_from_slice(&part.data);
        self.init[offset..end].copy_from_slice(&part.init);
        self.ptrs.extend(part.ptrs.iter().map(|&(at, p)| (at + offset as u32, p)));
    }

    pub fn slice(&self, offset: usize, size: usize) -> Bytes {
        let range = offset as u32..(offset + size) as u32;
        Bytes {
            data: SmallVec::from_slice(&self.data[offset..offset + size]),
            init: SmallVec::from_slice(&self.init[offset..offset + size]),
            ptrs: self
                .ptrs
                .iter()
                .filter(|(at, _)| range.contains(at))
                .map(|&(at, p)| (at - offset as u32, p))
                .collect(),
        }
    }

    pub fn as_int(&self) -> Result<u128, Fault> {
        if self.init.contains(&false) {
            return Err(Fault::Uninit);
        }
        let mut raw = [0; 16];
        let n = self.data.len().min(16);
        raw[..n].copy_from_slice(&self.data[..n]);
        Ok(u128::from_le_bytes(raw))
    }

    pub fn as_ptr(&self) -> Result<Ptr, Fault> {
        let addr = self.slice(0, 8.min(self.len())).as_int()? as u64;
        let prov = self.ptrs.iter().find(|p| p.0 == 0).map(|p| p.1);
        Ok(Ptr { addr, prov })
    }
}

/// What a checked program must never do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Read of memory that holds no value: never set, or moved away.
    Uninit,
    /// Use of memory that is gone.
    Dangling,
    OutOfBounds,
    /// Use of a reference that another use has ended.
    Invalidated,
    DoubleFree,
    /// A pointer to nothing was used.
    NoPointer,
    Other(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Perm {
    /// `&mut`.
    Unique,
    /// A `&mut` that has not begun.
    TwoPhase,
    /// `&`.
    Shared,
    /// The owner, or `&` of what may change behind it.
    Open,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Item {
    tag: u32,
    perm: Perm,
}

/// Bytes from `start` to the next segment's start have these borrows, oldest first.
#[derive(Clone, Debug)]
struct Segment {
    start: usize,
    items: SmallVec<[Item; 4]>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Stack,
    Heap,
    Static,
}

#[derive(Debug)]
struct Allocation {
    base: u64,
    bytes: Bytes,
    /// Pointers stored in it.
    ptrs: FxHashMap<u32, Prov>,
    live: bool,
    kind: Kind,
    /// Empty until first borrowed: only the owner's tag exists.
    segments: Vec<Segment>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Borrow {
    Shared,
    /// Of something that may change behind it.
    Open,
    Exclusive,
    TwoPhase,
}

pub struct Memory {
    allocs: Vec<Allocation>,
    next_base: u64,
    next_tag: u32,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { allocs: Vec::new(), next_base: 0x1_0000, next_tag: 1 }
    }

    pub fn allocate(&mut self, size: usize, kind: Kind) -> Ptr {
        let base = self.next_base;
        self.next_base += (size as u64).next_multiple_of(16) + 16;
        let alloc = self.allocs.len() as u32;
        self.allocs.push(Allocation {
            base,
            bytes: Bytes::uninit(size),
            ptrs: FxHashMap::default(),
            live: true,
            kind,
            segments: Vec::new(),
        });
        Ptr { addr: base, prov: Some(Prov { alloc, tag: BASE }) }
    }

    pub fn base_ptr(&self, alloc: u32) -> Ptr {
        let addr = self.allocs[alloc as usize].base;
        Ptr { addr, prov: Some(Prov { alloc, tag: BASE }) }
    }

    /// The end of an allocation's life. Its contents are dropped for good.
    pub fn free(&mut self, ptr: Ptr, heap: bool) -> Result<(), Fault> {
        let Some(prov) = ptr.prov else { return Err(Fault::NoPointer) };
        let alloc = &mut self.allocs[prov.alloc as usize];
        if !alloc.live {
            return Err(Fault::DoubleFree);
        }
        if heap && (alloc.kind != Kind::Heap || alloc.base != ptr.addr) {
            return Err(Fault::Other("freeing what is not an allocation".into()));
        }
        alloc.live = false;
        alloc.bytes = Bytes::default();
        alloc.ptrs = FxHashMap::default();
        alloc.segments = Vec::new();
        Ok(())
    }

    /// Allocations on the heap that are still live.
    pub fn leaks(&self) -> usize {
        self.allocs.iter().filter(|a| a.live && a.kind == Kind::Heap).count()
    }

    /// A shared reference to what may change behind it. Making it looks at nothing: somebody else may hold a lock that is
    /// part of it, and the reference stands beside what it was made from.
    fn borrow_open(&mut self, ptr: Ptr, size: usize) -> Result<Ptr, Fault> {
        let (index, offset, tag) = self.locate(ptr, size)?;
        let new = Item { tag: self.next_tag, perm: Perm::Open };
        self.next_tag += 1;
        self.allocs[index].insert_beside(offset, offset + size, tag, new)?;
        Ok(Ptr { prov: Some(Prov { alloc: index as u32, tag: new.tag }), ..ptr })
    }

    fn check(&mut self, ptr: Ptr, size: usize, write: bool) -> Result<(usize, usize), Fault> {
        let (index, offset, tag) = self.locate(ptr, size)?;
        self.allocs[index].use_tag(offset, offset + size, tag, write)?;
        Ok((index, offset))
    }

    /// The live allocation that holds these bytes, where in it they are, and the pointer's tag.
    fn locate(&self, ptr: Ptr, size: usize) -> Result<(usize, usize, u32), Fault> {
        let Some(prov) = ptr.prov else { return Err(Fault::NoPointer) };
        let alloc = &self.allocs[prov.alloc as usize];
        if !alloc.live {
            return Err(Fault::Dangling);
        }
        let offset = ptr.addr.wrapping_sub(alloc.base);
        if offset.checked_add(size as u64).is_none_or(|end| end > alloc.bytes.len() as u64) {
            return Err(Fault::OutOfBounds);
        }
        Ok((prov.alloc as usize, offset as usize, prov.tag))
    }

    pub fn read(&mut self, ptr: Ptr, size: usize) -> Result<Bytes, Fault> {
        if size == 0 {
            return Ok(Bytes::default());
        }
        let (alloc, offset) = self.check(ptr, size, false)?;
        let alloc = &self.allocs[alloc];
        let mut out = Bytes {
            data: SmallVec::from_slice(&alloc.bytes.data[offset..offset + size]),
            init: SmallVec::from_slice(&alloc.bytes.init[offset..offset + size]),
            ptrs: SmallVec::new(),
        };
        if !alloc.ptrs.is_empty() {
            for at in offset..offset + size {
                if let Some(&prov) = alloc.ptrs.get(&(at as u32)) {
                    out.ptrs.push(((at - offset) as u32, prov));
                }
            }
        }
        Ok(out)
    }

    pub fn write(&mut self, ptr: Ptr, bytes: &Bytes) -> Result<(), Fault> {
        let size = bytes.len();
        if size == 0 {
            return Ok(());
        }
        let (alloc, offset) = self.check(ptr, size, true)?;
        let alloc = &mut self.allocs[alloc];
        alloc.bytes.data[offset..offset + size].copy_from_slice(&bytes.data);
        alloc.bytes.init[offset..offset + size].copy_from_slice(&bytes.init);
        if !alloc.ptrs.is_empty() {
            for at in offset..offset + size {
                alloc.ptrs.remove(&(at as u32));
            }
        }
        for &(at, prov) in &bytes.ptrs {
            alloc.ptrs.insert(at + offset as u32, prov);
        }
        Ok(())
    }

    /// As [`Self::read`], whoever else may use the bytes.
    pub fn read_atomic(&mut self, ptr: Ptr, size: usize) -> Result<Bytes, Fault> {
        let ptr = self.as_owner(ptr)?;
        self.unwatched(ptr, |memory| memory.read(ptr, size))
    }

    pub fn write_atomic(&mut self, ptr: Ptr, bytes: &Bytes) -> Result<(), Fault> {
        let ptr = self.as_owner(ptr)?;
        self.unwatched(ptr, |memory| memory.write(ptr, bytes))
    }

    fn as_owner(&self, ptr: Ptr) -> Result<Ptr, Fault> {
        let Some(prov) = ptr.prov else { return Err(Fault::NoPointer) };
        Ok(Ptr { prov: Some(Prov { tag: BASE, ..prov }), ..ptr })
    }

    /// Without a look at, or a change of, the borrows of the allocation.
    fn unwatched<T>(&mut self, ptr: Ptr, f: impl FnOnce(&mut Memory) -> T) -> T {
        let index = ptr.prov.map_or(0, |p| p.alloc as usize);
        let kept = std::mem::take(&mut self.allocs[index].segments);
        let result = f(self);
        self.allocs[index].segments = kept;
        result
    }

    /// The value has left: reading it again is a fault. Not a use by itself.
    pub fn forget(&mut self, ptr: Ptr, size: usize) {
        if let Some(prov) = ptr.prov
            && let Some(alloc) = self.allocs.get_mut(prov.alloc as usize)
            && alloc.live
        {
            let offset = ptr.addr.wrapping_sub(alloc.base) as usize;
            if let Some(init) = alloc.bytes.init.get_mut(offset..offset.saturating_add(size)) {
                init.fill(false);
            }
        }
    }

    /// A new reference to `size` bytes, made from `ptr`.
    pub fn borrow(&mut self, ptr: Ptr, size: usize, borrow: Borrow) -> Result<Ptr, Fault> {
        if size == 0 {
            // A reference to nothing: only that it is to something live matters.
            if let Some(prov) = ptr.prov
                && !self.allocs[prov.alloc as usize].live
            {
                return Err(Fault::Dangling);
            }
            return Ok(ptr);
        }
        if borrow == Borrow::Open {
            return self.borrow_open(ptr, size);
        }
        let write = borrow == Borrow::Exclusive;
        let (index, offset) = self.check(ptr, size, write)?;
        let end = offset + size;
        let alloc = &mut self.allocs[index];
        if borrow == Borrow::Shared
            && let Some(tag) = alloc.same_shared(offset, end)
        {
            return Ok(Ptr { prov: Some(Prov { alloc: index as u32, tag }), ..ptr });
        }
        let tag = self.next_tag;
        self.next_tag += 1;
        let perm = match borrow {
            Borrow::Shared => Perm::Shared,
            Borrow::Open => unreachable!("borrowed above"),
            Borrow::Exclusive => Perm::Unique,
            Borrow::TwoPhase => Perm::TwoPhase,
        };
        alloc.push(offset, end, Item { tag, perm });
        Ok(Ptr { prov: Some(Prov { alloc: index as u32, tag }), ..ptr })
    }
}

impl Allocation {
    /// Makes `start` and `end` the starts of segments and gives the range of those between.
    fn split(&mut self, start: usize, end: usize) -> std::ops::Range<usize> {
        if self.segments.is_empty() {
            let items = SmallVec::from_slice(&[Item { tag: BASE, perm: Perm::Open }]);
            self.segments.push(Segment { start: 0, items });
        }
        let from = self.cut(start);
        let to = if end >= self.bytes.len() { self.segments.len() } else { self.cut(end) };
        from..to
    }

    fn cut(&mut self, at: usize) -> usize {
        let i = self.segments.partition_point(|s| s.start <= at) - 1;
        if self.segments[i].start == at {
            return i;
        }
        let items = self.segments[i].items.clone();
        self.segments.insert(i + 1, Segment { start: at, items });
        i + 1
    }

    fn use_tag(&mut self, start: usize, end: usize, tag: u32, write: bool) -> Result<(), Fault> {
        if self.segments.is_empty() {
            return if tag == BASE { Ok(()) } else { Err(Fault::Invalidated) };
        }
        for i in self.split(start, end) {
            let items = &mut self.segments[i].items;
            let found = items.iter().rposition(|it| it.tag == tag && (!write || it.perm != Perm::Shared));
            let Some(at) = found else { return Err(Fault::Invalidated) };
            if write {
                // Other owners of the same standing stay.
                let keep = match items[at].perm {
                    Perm::Open => items[at + 1..].iter().take_while(|it| it.perm == Perm::Open).count(),
                    _ => 0,
                };
                if items[at].perm == Perm::TwoPhase {
                    items[at].perm = Perm::Unique;
                }
                items.truncate(at + 1 + keep);
            } else if items.len() > at + 1 {
                let mut n = 0;
                items.retain(|it| {
                    n += 1;
                    n <= at + 1 || it.perm != Perm::Unique
                });
            }
        }
        Ok(())
    }

    /// Gives the bytes a further owner, of the standing of the one with the tag.
    fn insert_beside(&mut self, start: usize, end: usize, tag: u32, new: Item) -> Result<(), Fault> {
        for i in self.split(start, end) {
            let items = &mut self.segments[i].items;
            let Some(at) = items.iter().rposition(|it| it.tag == tag) else {
                return Err(Fault::Invalidated);
            };
            items.insert(at + 1, new);
        }
        Ok(())
    }

    /// The tag of a shared reference that is on top of all these bytes.
    fn same_shared(&mut self, start: usize, end: usize) -> Option<u32> {
        let mut tag = None;
        for i in self.split(start, end) {
            let top = self.segments[i].items.last()?;
            if top.perm != Perm::Shared || tag.is_some_and(|t| t != top.tag) {
                return None;
            }
            tag = Some(top.tag);
        }
        tag
    }

    fn push(&mut self, start: usize, end: usize, item: Item) {
        let range = self.split(start, end);
        for segment in &mut self.segments[range.clone()] {
            segment.items.push(item);
        }
        // Equal neighbours become one again.
        if self.segments.len() > 16 {
            self.segments.dedup_by(|b, a| a.items == b.items);
        }
    }
}
