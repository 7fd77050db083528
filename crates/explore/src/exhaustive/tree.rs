//! Wakeup trees: what is still to be executed from a point, as sequences of events that share their beginnings.

use smallvec::SmallVec;

use super::history::{Touch, Touches, conflict};

/// An event as it is known outside of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) task: u32,
    pub(crate) alternative: u32,
    pub(crate) touches: Touches,
    /// It may touch something else when it comes.
    pub(crate) uncertain: bool,
    /// If its alternative is not possible, another one is the same operation's outcome there.
    pub(crate) any: bool,
    /// Asleep where nothing was planned: what comes later may still have to be executed before it.
    pub(crate) weak: bool,
}

impl Move {
    pub(crate) fn new(task: u32, alternative: u32, touches: Touches) -> Move {
        Move { task, alternative, touches, uncertain: false, any: false, weak: false }
    }

    pub(crate) fn commutes_with(&self, touches: &[Touch]) -> bool {
        !self.uncertain && !conflict(&self.touches, touches)
    }

    fn commutes(&self, other: &Move) -> bool {
        !other.uncertain && self.commutes_with(&other.touches)
    }
}

struct Node {
    event: Move,
    /// A leaf that other sequences were not added for, since they begin with it.
    absorbed: bool,
    children: SmallVec<[u32; 2]>,
}

/// The nodes of all wakeup trees.
#[derive(Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    free: Vec<u32>,
}

impl Tree {
    pub(crate) fn add(&mut self, event: Move) -> u32 {
        let node = Node { event, absorbed: false, children: SmallVec::new() };
        if let Some(free) = self.free.pop() {
            self.nodes[free as usize] = node;
            return free;
        }
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    pub(crate) fn event(&self, node: u32) -> &Move {
        &self.nodes[node as usize].event
    }

    pub(crate) fn children(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].children
    }

    pub(crate) fn adopt(&mut self, parent: u32, child: u32) {
        self.nodes[parent as usize].children.push(child);
    }

    pub(crate) fn absorb(&mut self, node: u32) {
        self.nodes[node as usize].absorbed = true;
    }

    /// Takes a node out; its children go to `children`.
    pub(crate) fn remove(&mut self, node: u32, children: &mut Vec<u32>) {
        children.clear();
        children.extend(self.nodes[node as usize].children.drain(..));
        self.free.push(node);
    }

    pub(crate) fn remove_all(&mut self, node: u32) {
        let mut nodes = vec![node];
        while let Some(node) = nodes.pop() {
            nodes.extend(self.nodes[node as usize].children.drain(..));
            self.free.push(node);
        }
    }

    /// Whether other sequences were left out because they begin with this one, or share a beginning with it.
    pub(crate) fn stands_for_others(&self, mut node: u32) -> bool {
        loop {
            let Node { absorbed, children, .. } = &self.nodes[node as usize];
            match children[..] {
                [] => return *absorbed,
                [child] if !absorbed => node = child,
                _ => return true,
            }
        }
    }

    /// Removes the sequences that are covered by executions that began with a sleeping event: those in which it comes first or
    /// could come first. False, and the node is gone, if none is left.
    pub(crate) fn prune(&mut self, node: u32, sleep: &[Move]) -> bool {
        let keep = self.has_uncovered(node, &sleep.iter().collect::<SmallVec<[&Move; 8]>>());
        if !keep {
            self.remove_all(node);
        }
        keep
    }

    /// Sequences are long and share little: what does not branch is gone down without recursion.
    fn has_uncovered(&mut self, mut node: u32, sleep: &[&Move]) -> bool {
        let mut sleep: SmallVec<[&Move; 8]> = sleep.into();
        loop {
            let Node { event, absorbed, children } = &self.nodes[node as usize];
            let same = |asleep: &Move| asleep.task == event.task && asleep.alternative == event.alternative;
            if sleep.iter().any(|asleep| same(asleep)) {
                return false;
            }
            sleep.retain(|asleep| !asleep.weak && asleep.task != event.task && asleep.commutes(event));
            if sleep.is_empty() {
                return true;
            }
            match children[..] {
                [] => return *absorbed,
                [child] => node = child,
                _ => break,
            }
        }
        let mut children = std::mem::take(&mut self.nodes[node as usize].children);
        children.retain(|child| self.prune_child(*child, &sleep));
        let keep = !children.is_empty();
        self.nodes[node as usize].children = children;
        keep
    }

    fn prune_child(&mut self, child: u32, sleep: &[&Move]) -> bool {
        let keep = self.has_uncovered(child, sleep);
        if !keep {
            self.remove_all(child);
        }
        keep
    }
}
