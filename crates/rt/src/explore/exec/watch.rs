//! Watched places: where in the program's own code a fiber stands.

use abi::waiting::Frame;

use super::super::{Spot, Spots};
use super::maps::Addresses;
use crate::chain;

#[derive(Default)]
pub(super) struct Watch {
    spots: Vec<Spot>,
    /// Which of the spots, numbered from 1, a call's place is, if it is one; by the addresses of sites.
    known: Addresses<Option<u32>>,
    /// Whether anybody has been at each of the spots, in any execution.
    pub(super) reached: Vec<bool>,
}

impl Watch {
    pub(super) fn new(spots: Vec<Spot>) -> Watch {
        Watch { reached: vec![false; spots.len()], spots, known: Addresses::default() }
    }

    pub(super) fn is_on(&self) -> bool {
        !self.spots.is_empty()
    }

    /// The numbers of the spots at which a fiber stands, by the calls in the program's own code, innermost first.
    pub(super) fn at(&mut self, frame: *const Frame) -> Spots {
        let mut found = Spots::new();
        let spots = &self.spots;
        // SAFETY: the frames of a fiber that is about to stand are valid.
        for site in unsafe { chain::sites(frame) } {
            let number = self.known.entry(std::ptr::from_ref(site).addr()).or_insert_with(|| {
                let (file, location) = chain::place(site)?;
                let same = |spot: &Spot| {
                    (spot.file.as_str(), spot.line, spot.column) == (file, location.line, location.col)
                };
                spots.iter().position(same).map(|at| at as u32 + 1)
            });
            if let Some(number) = *number {
                found.push(number);
                self.reached[number as usize - 1] = true;
            }
        }
        found
    }
}
