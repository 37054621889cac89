//! SM2 with SM3 (GM/T 0003.2 §7, GB/T 32918.2): keys, signed hashes, verification; without a heap.

use sm2::elliptic_curve::PrimeField;
use sm2::elliptic_curve::group::Group;
use sm2::elliptic_curve::ops::{LinearCombination, Reduce};
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::elliptic_curve::sec1::{FromSec1Point, Sec1Point};
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, Scalar, Sm2};
use sm3::{Digest, Sm3};

use crate::uic::ecdsa::P256Key;

/// `r ‖ s`, 32 bytes each, big-endian; either may begin with zeros.
pub type RawSignature = [u8; 64];

/// The tag before a signature inside a code.
pub const CODE_SIGNATURE_TAG: u8 = 0x15;

/// The prefix of Z (GM/T 0003.2 §5.5): bit length of the id, the id `1234567812345678`, then a, b, xG, yG.
const Z_PREFIX: [u8; 146] = {
    let parts: [&[u8]; 6] = [&[0x00, 0x80], b"1234567812345678", &CURVE_A, &CURVE_B, &GENERATOR_X, &GENERATOR_Y];
    let mut prefix = [0; 146];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            prefix[at] = parts[part][index];
            at += 1;
            index += 1;
        }
        part += 1;
    }
    prefix
};
const CURVE_A: [u8; 32] = hexadecimal("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC");
const CURVE_B: [u8; 32] = hexadecimal("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93");
const GENERATOR_X: [u8; 32] = hexadecimal("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7");
const GENERATOR_Y: [u8; 32] = hexadecimal("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0");

const fn hexadecimal(text: &str) -> [u8; 32] {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'F' => byte - b'A' + 10,
            _ => panic!("a constant is written in hexadecimal"),
        }
    }
    let (text, mut bytes, mut index) = (text.as_bytes(), [0; 32], 0);
    while index < 32 {
        bytes[index] = digit(text[2 * index]) << 4 | digit(text[2 * index + 1]);
        index += 1;
    }
    bytes
}

/// SM3 over the parts, one after the other.
pub fn sm3(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sm3::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// A public key, checked to lie on the curve.
#[derive(Clone, Copy)]
pub struct Key {
    point: AffinePoint,
    /// Z of the default user id.
    identity: [u8; 32],
}

impl Key {
    /// From 33 bytes: `0x02` or `0x03`, then x. `None` for another prefix, or an x that no point has.
    pub fn from_compressed(bytes: &[u8; 33]) -> Option<Key> {
        if !matches!(bytes[0], 0x02 | 0x03) {
            return None;
        }
        let encoded = Sec1Point::<Sm2>::from_bytes(bytes).ok()?;
        Key::from_point(Option::from(AffinePoint::from_sec1_point(&encoded))?)
    }

    /// From the coordinates, 32 bytes each. `None` if no such point is on the curve.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Option<Key> {
        let encoded = Sec1Point::<Sm2>::from_affine_coordinates(&(*x).into(), &(*y).into(), false);
        Key::from_point(Option::from(AffinePoint::from_sec1_point(&encoded))?)
    }

    fn from_point(point: AffinePoint) -> Option<Key> {
        if bool::from(ProjectivePoint::from(point).is_identity()) {
            return None;
        }
        let identity = sm3(&[&Z_PREFIX, &point.x(), &point.y()]);
        Some(Key { point, identity })
    }

    /// x and y, 32 bytes each.
    pub fn coordinates(&self) -> ([u8; 32], [u8; 32]) {
        (self.point.x().into(), self.point.y().into())
    }

    /// The 33 bytes of the compressed form.
    pub fn compressed(&self) -> [u8; 33] {
        let (x, y) = self.coordinates();
        let mut bytes = [0; 33];
        bytes[0] = 0x02 | (y[31] & 1);
        bytes[1..].copy_from_slice(&x);
        bytes
    }

    /// e = SM3(Z ‖ M), the hash that is signed.
    pub fn signed_hash(&self, message: &[u8]) -> [u8; 32] {
        sm3(&[&self.identity, message])
    }

    /// The curve's arithmetic behind [`Signatures`], for [`RustCrypto`]. GB/T 32918.2 §7.1, steps B1 to B7.
    fn verifies(&self, hash: &[u8; 32], signature: &RawSignature) -> Option<()> {
        let (r, s) = (scalar(signature.first_chunk()?)?, scalar(signature.last_chunk()?)?);
        let t = r + s;
        if bool::from(t.is_zero()) {
            return None;
        }
        // Nothing here is secret, so the time may depend on the values.
        let points = [(ProjectivePoint::GENERATOR, s), (ProjectivePoint::from(self.point), t)];
        let point = ProjectivePoint::lincomb_vartime(&points);
        if bool::from(point.is_identity()) {
            return None;
        }
        let e = <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(*hash));
        let x = <Scalar as Reduce<FieldBytes>>::reduce(&point.to_affine().x());
        (r == e + x).then_some(())
    }
}

impl core::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Key(")?;
        self.compressed().iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))?;
        formatter.write_str(")")
    }
}

/// 1 to n−1; anything else is no part of a signature.
fn scalar(bytes: &[u8; 32]) -> Option<Scalar> {
    let scalar = Option::<Scalar>::from(Scalar::from_repr((*bytes).into()))?;
    (!bool::from(scalar.is_zero())).then_some(scalar)
}

/// Who does the arithmetic of a verification. The checks around it are the same for all.
pub trait Signatures {
    /// Whether `signature` over the signed hash verifies under `key`.
    fn verifies(&self, key: &Key, hash: &[u8; 32], signature: &RawSignature) -> bool;

    /// The same for ECDSA on P-256, over a SHA-256; by RustCrypto where nothing else is said.
    fn verifies_p256(&self, key: &P256Key, hash: &[u8; 32], signature: &RawSignature) -> bool {
        key.verifies(hash, signature)
    }
}

/// The RustCrypto implementation: no heap, no standard library. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

impl Signatures for RustCrypto {
    fn verifies(&self, key: &Key, hash: &[u8; 32], signature: &RawSignature) -> bool {
        key.verifies(hash, signature).is_some()
    }
}

#[cfg(feature = "openssl")]
pub use self::openssl_backend::OpenSsl;

#[cfg(feature = "openssl")]
mod openssl_backend {
    use openssl::bn::{BigNum, BigNumContext};
    use openssl::ec::{EcGroup, EcPoint};
    use openssl::nid::Nid;

    use super::{Key, RawSignature, Signatures};

    /// The system's OpenSSL 3, by its curve arithmetic: `SM2_do_verify` is not public there.
    pub struct OpenSsl {
        group: EcGroup,
        order: BigNum,
    }

    impl OpenSsl {
        /// `None` where OpenSSL was built without SM2.
        pub fn new() -> Option<OpenSsl> {
            let group = EcGroup::from_curve_name(Nid::SM2).ok()?;
            let (mut order, mut context) = (BigNum::new().ok()?, BigNumContext::new().ok()?);
            group.order(&mut order, &mut context).ok()?;
            Some(OpenSsl { group, order })
        }

        fn check(
            &self,
            key: &Key,
            hash: &[u8; 32],
            signature: &RawSignature,
        ) -> Result<bool, openssl::error::ErrorStack> {
            let (r, s) = (BigNum::from_slice(&signature[..32])?, BigNum::from_slice(&signature[32..])?);
            let within = |part: &BigNum| part.num_bits() > 0 && part < &self.order;
            if !within(&r) || !within(&s) {
                return Ok(false);
            }
            let mut context = BigNumContext::new()?;
            let mut t = BigNum::new()?;
            t.mod_add(&r, &s, &self.order, &mut context)?;
            if t.num_bits() == 0 {
                return Ok(false);
            }
            let mut encoded = [4; 65];
            let (key_x, key_y) = key.coordinates();
            encoded[1..33].copy_from_slice(&key_x);
            encoded[33..].copy_from_slice(&key_y);
            let public = EcPoint::from_bytes(&self.group, &encoded, &mut context)?;
            let mut point = EcPoint::new(&self.group)?;
            point.mul_full(&self.group, &s, &public, &t, &mut context)?;
            if point.is_infinity(&self.group) {
                return Ok(false);
            }
            let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
            point.affine_coordinates(&self.group, &mut x, &mut y, &mut context)?;
            let mut expected = BigNum::new()?;
            let hash = BigNum::from_slice(hash)?;
            expected.mod_add(&hash, &x, &self.order, &mut context)?;
            Ok(expected == r)
        }
    }

    impl Signatures for OpenSsl {
        fn verifies(&self, key: &Key, hash: &[u8; 32], signature: &RawSignature) -> bool {
            self.check(key, hash, signature).unwrap_or(false)
        }
    }
}
