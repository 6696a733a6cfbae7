//! Public keys in PEM (RFC 7468).

use base64ct::{Base64, Encoding as _};

use super::error::KeyError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// What is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// `SubjectPublicKeyInfo`.
    Spki,
    /// `RSAPublicKey`, of PKCS#1.
    Rsa,
}

/// Reads one block `PUBLIC KEY` or `RSA PUBLIC KEY`. Blanks and empty lines around and in it don't count.
///
/// # Errors
/// Anything else. The error contains nothing of the text.
pub(super) fn read(text: &str) -> Result<(Content, Vec<u8>), KeyError> {
    // A private key is reported as such, whatever else is wrong.
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyError::PrivateKey);
    }
    let (label, rest) = text
        .trim()
        .strip_prefix(BEGIN)
        .and_then(|text| text.split_once(DASHES))
        .ok_or(KeyError::NotPem)?;
    if rest.contains(BEGIN) {
        return Err(KeyError::SeveralBlocks);
    }
    let (body, end) = rest.split_once(END).ok_or(KeyError::NotPem)?;
    if end.strip_suffix(DASHES) != Some(label) {
        return Err(KeyError::NotPem);
    }
    let content = match label {
        "PUBLIC KEY" => Content::Spki,
        "RSA PUBLIC KEY" => Content::Rsa,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            return Err(KeyError::Certificate);
        }
        _ => return Err(KeyError::OtherBlock),
    };
    let digits: String = body.split_ascii_whitespace().collect();
    let bytes = Base64::decode_vec(&digits).map_err(|_| KeyError::Base64)?;
    Ok((content, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::VerifyingKey;
    use crate::crypto::algorithm::KeyFamily;

    const RSA: &str = "-----BEGIN RSA PUBLIC KEY-----\n\
MIIBCgKCAQEAm5NSCUXuXT2v61S/GZfE/PCuRCnkynSI+/5IS3KHZsGLuR8k9Vrp\n\
xfZkVJ6LNcjJ6SVoCoEkGzGusj+uc5vGhd/A02s/Nd+/fMaeBi4eUP0vg3pNNIBj\n\
Uz5B7YqepMBjNy1vogkgHCskoLKr1/Qv6TjP9Ck//9ubyLBN2T64rIw4LBr4fAJL\n\
8Dk9dZr9Vcbs5nK+Dx+Q9ojV/PHyUCuIRQ7babt+q6dpJDIsegTooigRPYCavzD+\n\
JmtmusKQ2Gps9xbXgRfZdMS/9ahB+t6ebVD3m3alZCARrevebLUp8l0YkyWJHQyD\n\
wM0oWa607n00+PxyWpq+3xuQ1FGequcvfwIDAQAB\n\
-----END RSA PUBLIC KEY-----\n";

    const EC: &str = "-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZJ7aZuM233nuPP/RAijwrZbbLReW\n\
Z190Ctkl7afwIRM2ki6ipbW2cwenRs11hXop9YSg3CUXJw51Rxm/FY7nlg==\n\
-----END PUBLIC KEY-----\n";

    const COMPRESSED: &str = "-----BEGIN PUBLIC KEY-----\n\
MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACZJ7aZuM233nuPP/RAijwrZbbLReW\n\
Z190Ctkl7afwIRM=\n\
-----END PUBLIC KEY-----\n";

    const ED25519: &str = "-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEAAxHz5gfuRhOm38TDKJZ5/xEmeico+rWPjnUVVuqNXfE=\n\
-----END PUBLIC KEY-----\n";

    fn family(text: &str) -> Result<KeyFamily, KeyError> {
        VerifyingKey::from_pem(text).map(|key| key.family())
    }

    #[test]
    fn reads_public_keys() {
        assert_eq!(family(RSA), Ok(KeyFamily::Rsa));
        assert_eq!(family(EC), Ok(KeyFamily::Ec));
        assert_eq!(family(ED25519), Ok(KeyFamily::Ed25519));
    }

    #[test]
    fn blanks_and_ends_of_lines_do_not_count() {
        for text in [
            EC.replace('\n', "\r\n"),
            EC.replace('\n', "\n\n"),
            EC.replace('\n', "  \n  "),
            format!("\n\n  {EC}\n "),
            EC.trim_end().to_owned(),
        ] {
            assert_eq!(family(&text), Ok(KeyFamily::Ec), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_public_key_and_says_why() {
        let block = |label: &str| EC.replace("PUBLIC KEY", label);
        for (text, wanted) in [
            (String::new(), KeyError::NotPem),
            ("MFkwEwYHKoZI".to_owned(), KeyError::NotPem),
            (format!("key: {EC}"), KeyError::NotPem),
            (format!("{EC}more"), KeyError::NotPem),
            (
                EC.replace("-----END PUBLIC", "-----END RSA PUBLIC"),
                KeyError::NotPem,
            ),
            (EC.replace("-----END", "----END"), KeyError::NotPem),
            (format!("{EC}{EC}"), KeyError::SeveralBlocks),
            (format!("{EC}{ED25519}"), KeyError::SeveralBlocks),
            (block("PRIVATE KEY"), KeyError::PrivateKey),
            (block("RSA PRIVATE KEY"), KeyError::PrivateKey),
            (block("EC PRIVATE KEY"), KeyError::PrivateKey),
            (block("ENCRYPTED PRIVATE KEY"), KeyError::PrivateKey),
            (block("OPENSSH PRIVATE KEY"), KeyError::PrivateKey),
            (
                format!("{EC}{}", block("PRIVATE KEY")),
                KeyError::PrivateKey,
            ),
            (block("CERTIFICATE"), KeyError::Certificate),
            (block("EC PARAMETERS"), KeyError::OtherBlock),
            (block("public key"), KeyError::OtherBlock),
            (block("RSA PUBLIC KEY"), KeyError::Der),
            (RSA.replace("RSA PUBLIC", "PUBLIC"), KeyError::Der),
            (EC.replacen("MFk", "M*k", 1), KeyError::Base64),
            (EC.replacen("MFk", "MFk=", 1), KeyError::Base64),
            (EC.replacen("MFk", "MFo", 1), KeyError::Der),
            (COMPRESSED.to_owned(), KeyError::Der),
            (
                ED25519.replacen("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA", 1),
                KeyError::UnsupportedKind,
            ),
        ] {
            assert_eq!(family(&text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn errors_and_debug_show_nothing_of_a_key() {
        let key = VerifyingKey::hmac(&[b'k'; 40]).unwrap();
        assert_eq!(format!("{key:?}"), "VerifyingKey(Hmac(Secret(…)))");
        let label = EC.replace("PUBLIC KEY", "s3cret");
        let error = family(&label).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
