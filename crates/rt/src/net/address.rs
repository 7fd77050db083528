//! Addresses as programs have them ([`RawAddress`]) and as the kernel has them.

use std::mem::{offset_of, zeroed};

use abi::{AddressKind, RawAddress};

/// Any address of the kernel.
pub(super) struct Address {
    storage: libc::sockaddr_storage,
    len: libc::socklen_t,
}

const PATH: usize = offset_of!(libc::sockaddr_un, sun_path);
const PATH_MAX: usize = size_of::<libc::sockaddr_un>() - PATH - 1;

impl Address {
    /// Room for one that the kernel gives.
    pub(super) fn empty() -> Address {
        // SAFETY: zeros are an address of no family.
        let storage = unsafe { zeroed() };
        Address { storage, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// `None`: no address the kernel could have (a Unix path that is too long).
    pub(super) fn new(raw: &RawAddress) -> Option<Address> {
        let mut address = Address::empty();
        let at = &raw mut address.storage;
        // SAFETY: the storage has room, and the alignment, for each of them.
        unsafe {
            match raw.kind {
                k if k == AddressKind::V4 as i32 => {
                    let at = at.cast::<libc::sockaddr_in>();
                    (*at).sin_family = libc::AF_INET as libc::sa_family_t;
                    (*at).sin_port = (raw.port as u16).to_be();
                    (&raw mut (*at).sin_addr).cast::<u8>().copy_from_nonoverlapping(raw.bytes.as_ptr(), 4);
                    address.len = size_of::<libc::sockaddr_in>() as libc::socklen_t;
                }
                k if k == AddressKind::V6 as i32 => {
                    let at = at.cast::<libc::sockaddr_in6>();
                    (*at).sin6_family = libc::AF_INET6 as libc::sa_family_t;
                    (*at).sin6_port = (raw.port as u16).to_be();
                    (*at).sin6_scope_id = raw.scope;
                    (*at).sin6_addr.s6_addr.copy_from_slice(&raw.bytes[..16]);
                    address.len = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
                }
                _ => {
                    let len = raw.len as usize;
                    if len > PATH_MAX || raw.bytes[..len].contains(&0) {
                        return None;
                    }
                    let at = at.cast::<libc::sockaddr_un>();
                    (*at).sun_family = libc::AF_UNIX as libc::sa_family_t;
                    (&raw mut (*at).sun_path).cast::<u8>().copy_from_nonoverlapping(raw.bytes.as_ptr(), len);
                    // An empty one is of a socket without a name.
                    address.len = (PATH + len + usize::from(len > 0)) as libc::socklen_t;
                }
            }
        }
        Some(address)
    }

    pub(super) fn family(&self) -> i32 {
        self.storage.ss_family.into()
    }

    pub(super) fn ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    pub(super) fn len(&self) -> libc::socklen_t {
        self.len
    }

    /// Where the kernel may write.
    pub(super) fn room(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    pub(super) fn to_raw(&self) -> RawAddress {
        // SAFETY: the family says which kind of address is there, and the storage has room for each.
        unsafe { to_raw((&raw const self.storage).cast(), self.len) }
    }
}

/// # Safety
/// A valid address of a family that is known here, or of length 0.
pub(super) unsafe fn to_raw(address: *const libc::sockaddr, len: libc::socklen_t) -> RawAddress {
    let mut raw = RawAddress { kind: AddressKind::Unix as i32, port: 0, scope: 0, len: 0, bytes: [0; 108] };
    if len == 0 {
        return raw;
    }
    // SAFETY: by contract.
    unsafe {
        match i32::from((*address).sa_family) {
            libc::AF_INET => {
                let at = address.cast::<libc::sockaddr_in>();
                raw.kind = AddressKind::V4 as i32;
                raw.port = u16::from_be((*at).sin_port).into();
                let bytes = (&raw const (*at).sin_addr).cast::<u8>();
                bytes.copy_to_nonoverlapping(raw.bytes.as_mut_ptr(), 4);
            }
            libc::AF_INET6 => {
                let at = address.cast::<libc::sockaddr_in6>();
                raw.kind = AddressKind::V6 as i32;
                raw.port = u16::from_be((*at).sin6_port).into();
                raw.scope = (*at).sin6_scope_id;
                raw.bytes[..16].copy_from_slice(&(*at).sin6_addr.s6_addr);
            }
            _ => {
                let at = address.cast::<libc::sockaddr_un>();
                let room = (len as usize).saturating_sub(PATH).min(raw.bytes.len());
                let path = (&raw const (*at).sun_path).cast::<u8>();
                path.copy_to_nonoverlapping(raw.bytes.as_mut_ptr(), room);
                // A path ends at the first zero.
                let end = raw.bytes[..room].iter().position(|b| *b == 0).unwrap_or(room);
                raw.len = end as u32;
            }
        }
    }
    raw
}
