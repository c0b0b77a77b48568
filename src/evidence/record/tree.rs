//! The Merkle tree over the entries (RFC 6962 §2.1).
//!
//! In: entry bytes and hashes. Out: leaf hashes, roots, proofs of inclusion, and the frontier that
//! makes the next root cost a handful of hashes.
//! Never: looks into an entry.

use crate::model::{Digest, sha256};

/// Hash of a leaf: SHA-256(0x00 ‖ bytes).
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    sha256(&[&[0], bytes])
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0, &right.0])
}

/// Root over a list of leaf hashes; of none it is SHA-256 of nothing.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The right edge of a tree: the roots of its complete subtrees, largest first, one for each bit set
/// in the size. Enough to add a leaf and to tell the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    edge: Vec<Digest>,
}

impl Frontier {
    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.edge.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The root of the whole tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut hashes = self.edge.iter().rev();
        let Some(last) = hashes.next() else { return sha256(&[]) };
        hashes.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The edge as bytes, 32 for each hash.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.edge.iter().flat_map(|d| d.0).collect()
    }

    /// Reads size and edge back; `None` where their lengths do not fit each other.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && usize::try_from(size.count_ones()).ok()? == chunks.len();
        fits.then(|| Self { size, edge: chunks.iter().map(|c| Digest(*c)).collect() })
    }
}

/// Proof that leaf `index` is in the tree over `leaves` (RFC 6962 §2.1.1); `None` beyond its end.
#[must_use]
pub fn inclusion(index: usize, leaves: &[Digest]) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    // The left part is the largest power of two below the number of leaves.
    let (left, right) = leaves.split_at_checked(1 << (leaves.len() - 1).ilog2())?;
    let (mut proof, sibling) = if index < left.len() {
        (inclusion(index, left)?, root(right))
    } else {
        (inclusion(index - left.len(), right)?, root(left))
    };
    proof.push(sibling);
    Some(proof)
}

/// Whether `proof` shows `leaf` at `index` in the tree of `size` leaves with root `expected`
/// (RFC 9162 §2.1.3.2).
#[must_use]
pub fn included(leaf: &Digest, index: u64, size: u64, proof: &[Digest], expected: &Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs and roots of the reference implementation of RFC 6962 (certificate-transparency,
    /// `merkle_tree_test`).
    const INPUTS: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn the_published_roots_come_out() {
        let leaves: Vec<Digest> = INPUTS.iter().map(|i| leaf_hash(i)).collect();
        for (n, want) in ROOTS.iter().enumerate() {
            assert_eq!(root(&leaves[..n]).to_string(), *want, "{n} leaves");
        }
    }

    #[test]
    fn every_leaf_of_every_tree_is_shown_included_and_no_other() {
        let all: Vec<Digest> = (0u32..130).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        for n in 1..=all.len() {
            let (leaves, size) = (&all[..n], n as u64);
            let top = root(leaves);
            for i in 0..n {
                let proof = inclusion(i, leaves).unwrap();
                assert!(included(&leaves[i], i as u64, size, &proof, &top), "{i} of {n}");
                let other = leaf_hash(b"other");
                assert!(!included(&other, i as u64, size, &proof, &top), "{i} of {n}");
                assert!(!included(&leaves[i], i as u64 + 1, size, &proof, &top) || n == 1);
            }
            assert_eq!(inclusion(n, leaves), None);
        }
    }

    #[test]
    fn a_frontier_survives_its_bytes_and_misfits_are_refused() {
        let mut f = Frontier::default();
        for i in 0u32..70 {
            f.push(leaf_hash(&i.to_be_bytes()));
            let back = Frontier::from_bytes(f.size(), &f.to_bytes()).unwrap();
            assert_eq!((&back, back.root()), (&f, f.root()));
        }
        assert!(Frontier::from_bytes(f.size() + 1, &f.to_bytes()).is_none());
        assert!(Frontier::from_bytes(1, &[0; 31]).is_none());
    }
}
