//! A consumer's own key, in the bytes that a directory holds.

use crate::crypto::{Algorithm, KeyError, VerifyingKey};
use crate::secret::Secret;

/// A consumer's own key.
#[derive(Clone, Copy)]
pub(super) struct ConsumerKey<'m> {
    /// The algorithm that it is for; `None` for all that it allows.
    algorithm: Option<Algorithm>,
    form: KeyForm,
    bytes: &'m [u8],
}

/// What the bytes of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyForm {
    /// The secret of an HMAC.
    Secret,
    /// A public key in PEM.
    Pem,
}

impl<'m> ConsumerKey<'m> {
    pub(super) const fn new(form: KeyForm, bytes: &'m [u8], algorithm: Option<Algorithm>) -> Self {
        Self {
            algorithm,
            form,
            bytes,
        }
    }

    /// The bytes for a directory: the algorithm's name with its length, the form, the key.
    pub(super) fn to_material(self) -> Secret {
        let algorithm = self.algorithm.map_or("", Algorithm::name).as_bytes();
        let form = match self.form {
            KeyForm::Secret => b's',
            KeyForm::Pem => b'p',
        };
        let mut bytes = Vec::with_capacity(self.bytes.len().saturating_add(8));
        bytes.extend_from_slice(algorithm);
        bytes.extend_from_slice(&[b' ', form]);
        bytes.extend_from_slice(self.bytes);
        Secret::new(bytes)
    }

    /// Reads what [`to_material`](Self::to_material) wrote.
    pub(super) fn of_material(material: &'m [u8]) -> Option<Self> {
        let blank = material.iter().position(|byte| *byte == b' ')?;
        let (algorithm, rest) = material.split_at_checked(blank)?;
        let (form, bytes) = rest.get(1..)?.split_first()?;
        Some(Self {
            algorithm: Algorithm::named(std::str::from_utf8(algorithm).ok()?),
            form: match form {
                b's' => KeyForm::Secret,
                b'p' => KeyForm::Pem,
                _ => return None,
            },
            bytes,
        })
    }

    /// The key.
    ///
    /// # Errors
    /// The bytes are no key that can be used.
    pub(super) fn read(self) -> Result<VerifyingKey, KeyError> {
        match self.form {
            KeyForm::Secret => VerifyingKey::hmac(self.bytes),
            KeyForm::Pem => VerifyingKey::from_pem(&String::from_utf8_lossy(self.bytes)),
        }
    }

    /// Whether `key`, which is this one, may verify a signature of this algorithm.
    pub(super) fn allows(self, key: &VerifyingKey, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && key.allows(algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_key_and_algorithm() {
        let secret = [b' '; 32];
        for algorithm in [None, Algorithm::named("HS256")] {
            let material = ConsumerKey::new(KeyForm::Secret, &secret, algorithm).to_material();
            let read = ConsumerKey::of_material(material.expose()).unwrap();
            assert_eq!(
                (read.algorithm, read.form, read.bytes),
                (algorithm, KeyForm::Secret, &secret[..])
            );
            let key = read.read().unwrap();
            assert!(read.allows(&key, Algorithm::named("HS256").unwrap()));
            assert!(!read.allows(&key, Algorithm::named("HS512").unwrap()));
            assert!(!read.allows(&key, Algorithm::named("RS256").unwrap()));
        }
        for material in ["", "x", " ", " x", "HS256"] {
            assert!(
                ConsumerKey::of_material(material.as_bytes()).is_none(),
                "{material:?}"
            );
        }
    }
}
