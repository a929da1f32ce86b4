//! The text of a web file, key by key; the files that it names are not read yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::header::{HeaderName, HeaderValue};

use super::fields::{Hash, Maybe, Nanoseconds, Switch, Text, Whole};
use super::{RateLimit, Users};
use crate::config::document;
use crate::config::error::{Complaint, ConfigError, Origin};
use crate::config::section::{Overrides, Section, Setting, any};
use crate::password::PasswordHash;
use crate::tls::{ClientAuth, Curve, Part, Suite, Version};

/// A web file as written.
pub struct Draft {
    /// None: plain HTTP.
    pub tls: Option<TlsDraft>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub users: Users,
    pub rate_limit: Option<RateLimit>,
    pub warnings: Vec<String>,
}

/// TLS as written.
pub struct TlsDraft {
    pub certificates: Pem,
    pub key: Pem,
    pub client_ca: Option<Pem>,
    pub client_auth: ClientAuth,
    pub client_allowed_sans: Option<Vec<String>>,
    pub min_version: Version,
    pub max_version: Version,
    pub suites: Vec<Suite>,
    pub curves: Vec<Curve>,
    pub prefer_server_suites: bool,
    pub http2: bool,
    /// Where each part is written, if it is; the last is the section.
    pub places: Vec<(Part, Setting<()>)>,
}

/// Where a PEM is.
pub enum Pem {
    /// In the web file.
    Inline(Setting<Vec<u8>>),
    /// In a file; relative to the folder of the web file.
    File(Setting<PathBuf>),
}

impl Pem {
    pub fn place(&self) -> Setting<()> {
        match self {
            Self::Inline(setting) => setting.place(),
            Self::File(setting) => setting.place(),
        }
    }
}

impl Draft {
    /// The files that it names.
    pub fn files(&self) -> Vec<&PathBuf> {
        let Some(tls) = &self.tls else { return Vec::new() };
        let pems = [Some(&tls.certificates), Some(&tls.key), tls.client_ca.as_ref()];
        let files = pems.into_iter().flatten().filter_map(|pem| match pem {
            Pem::File(setting) => Some(&setting.value),
            Pem::Inline(_) => None,
        });
        files.collect()
    }
}

/// Reads the text; `name` is how messages call the file.
pub fn parse(name: &str, text: &str) -> Result<Draft, ConfigError> {
    const KEYS: &[&str] =
        &["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];
    let document = document::parse(text).map_err(|error| {
        let origin = Origin::File { name: name.to_owned(), at: error.at };
        ConfigError::of_origin(origin, Complaint::new(error.what, error.remedy))
    })?;
    let document = document.with_scalars_as_text(text);
    let overrides = Overrides::new();
    let root = Section::root(name, &document, &overrides, KEYS)?;
    let mut warnings = Vec::new();
    let http = root.section("http_server_config", &["http2", "headers"])?;
    let http2 = switch(&http, "http2")?;
    let tls = tls(&root, http2, &mut warnings)?;
    let headers = headers(&http)?;
    let users = users(&root, &mut warnings)?;
    if tls.is_none() && !users.0.is_empty() {
        warnings.push(
            "basic_auth_users: passwords cross the network in plain text; set tls_server_config"
                .into(),
        );
    }
    let rate_limit = rate_limit(&root, &mut warnings)?;
    Ok(Draft { tls, headers, users, rate_limit, warnings })
}

fn tls(
    root: &Section<'_>,
    http2: bool,
    warnings: &mut Vec<String>,
) -> Result<Option<TlsDraft>, ConfigError> {
    const KEYS: &[&str] = &[
        "cert",
        "key",
        "client_ca",
        "cert_file",
        "key_file",
        "client_auth_type",
        "client_ca_file",
        "client_allowed_sans",
        "min_version",
        "max_version",
        "cipher_suites",
        "curve_preferences",
        "prefer_server_cipher_suites",
    ];
    let tls = root.section("tls_server_config", KEYS)?;
    let certificates = pem(&tls, "cert", "cert_file", warnings)?;
    let key = pem(&tls, "key", "key_file", warnings)?;
    let client_ca = pem(&tls, "client_ca", "client_ca_file", warnings)?;
    let auth_is_set = filled(&tls, "client_auth_type")?.is_some();
    let client_auth = match auth_is_set {
        true => tls.optional("client_auth_type", any::<ClientAuth>)?,
        false => None,
    };
    let min_version = maybe::<Version>(&tls, "min_version")?;
    let max_version = maybe::<Version>(&tls, "max_version")?;
    let suites = tls.list::<Suite>("cipher_suites")?;
    let curves = tls.list::<Curve>("curve_preferences")?;
    let sans = tls.list::<Text>("client_allowed_sans")?;
    if let Some(sans) = sans.as_ref().filter(|sans| sans.value.is_empty()) {
        let remedy = "list names, or remove the key to allow all of them";
        return Err(sans.refuse("the list is empty, so every client would be refused", remedy));
    }
    let prefer_server_suites = switch(&tls, "prefer_server_cipher_suites")?;

    let (certificates, key) = match (certificates, key) {
        (Some(certificates), Some(key)) => (certificates, key),
        (None, None) if client_ca.is_none() && !auth_is_set => return Ok(None),
        (None, _) => return Err(tls.refuse("has no certificate", "set cert_file or cert")),
        (Some(_), None) => {
            return Err(tls.refuse("has no key of its certificate", "set key_file or key"));
        }
    };
    let auth = client_auth.as_ref().map_or(ClientAuth::None, |auth| auth.value);
    if let Some(ca) = client_ca.as_ref().filter(|_| auth == ClientAuth::None) {
        let remedy = "set client_auth_type: RequireAndVerifyClientCert, or remove it";
        return Err(ca.place().refuse("has no effect, as no certificate is asked for", remedy));
    }

    let versions = max_version.as_ref().or(min_version.as_ref());
    let places = [
        (Part::Certificates, Some(certificates.place())),
        (Part::Key, Some(key.place())),
        (Part::ClientCa, client_ca.as_ref().map(Pem::place)),
        (Part::ClientCa, client_auth.as_ref().map(Setting::place)),
        (Part::Versions, versions.map(Setting::place)),
        (Part::Suites, suites.as_ref().map(Setting::place)),
        (Part::Curves, curves.as_ref().map(Setting::place)),
        (Part::Whole, Some(tls.place())),
    ];
    let places = places.into_iter().filter_map(|(part, place)| Some((part, place?))).collect();
    Ok(Some(TlsDraft {
        certificates,
        key,
        client_ca,
        client_auth: auth,
        client_allowed_sans: sans.map(|sans| sans.value.into_iter().map(|Text(san)| san).collect()),
        min_version: min_version.map_or(Version::Tls12, |version| version.value),
        max_version: max_version.map_or(Version::Tls13, |version| version.value),
        suites: suites.map_or(Vec::new(), |suites| suites.value),
        curves: curves.map_or(Vec::new(), |curves| curves.value),
        prefer_server_suites,
        http2,
        places,
    }))
}

/// A setting whose value may be missing.
fn maybe<T: crate::config::field::Field>(
    section: &Section<'_>,
    key: &'static str,
) -> Result<Option<Setting<T>>, ConfigError> {
    let setting = section.optional(key, any::<Maybe<T>>)?;
    Ok(setting.and_then(|Setting { key, value: Maybe(value), origin }| {
        Some(Setting { key, value: value?, origin })
    }))
}

/// A text that is not empty.
fn filled(section: &Section<'_>, key: &'static str) -> Result<Option<Setting<Text>>, ConfigError> {
    Ok(maybe::<Text>(section, key)?.filter(|setting| !setting.value.0.is_empty()))
}

/// On unless it says otherwise.
fn switch(section: &Section<'_>, key: &'static str) -> Result<bool, ConfigError> {
    Ok(maybe::<Switch>(section, key)?.is_none_or(|switch| switch.value.0))
}

/// The file wins over what is inline.
fn pem(
    section: &Section<'_>,
    inline: &'static str,
    file: &'static str,
    warnings: &mut Vec<String>,
) -> Result<Option<Pem>, ConfigError> {
    let (text, path) = (filled(section, inline)?, filled(section, file)?);
    if text.is_some() && path.is_some() {
        warnings.push(format!("{inline}: has no effect beside {file}; remove one of them"));
    }
    if let Some(Setting { key, value: Text(path), origin }) = path {
        return Ok(Some(Pem::File(Setting { key, value: PathBuf::from(path), origin })));
    }
    Ok(text.map(|Setting { key, value: Text(text), origin }| {
        Pem::Inline(Setting { key, value: text.into_bytes(), origin })
    }))
}

/// The headers that can be set, and what they can say if not everything.
const HEADERS: [(&str, HeaderName, &[&str]); 5] = [
    ("Strict-Transport-Security", http::header::STRICT_TRANSPORT_SECURITY, &[]),
    ("X-Content-Type-Options", http::header::X_CONTENT_TYPE_OPTIONS, &["nosniff"]),
    ("X-Frame-Options", http::header::X_FRAME_OPTIONS, &["deny", "sameorigin"]),
    ("X-XSS-Protection", http::header::X_XSS_PROTECTION, &[]),
    ("Content-Security-Policy", http::header::CONTENT_SECURITY_POLICY, &[]),
];

fn headers(http: &Section<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
    let mut headers = Vec::new();
    for (setting, Maybe(value)) in http.pairs::<Maybe<Text>>("headers")? {
        let value = value.map_or(String::new(), |Text(value)| value);
        let known = HEADERS.iter().find(|(known, ..)| *known == setting.value);
        let Some((_, name, allowed)) = known else {
            let names = HEADERS.map(|(known, ..)| known).join(", ");
            return Err(setting.refuse("is no header that can be set", format!("use {names}")));
        };
        if !allowed.is_empty() && !allowed.contains(&&*value) {
            let remedy = format!("write {}, or remove it", allowed.join(" or "));
            return Err(setting.refuse("has a value that no browser knows", remedy));
        }
        if value.is_empty() {
            continue;
        }
        let value = HeaderValue::from_str(&value).map_err(|_| {
            setting.refuse("is no value of a header", "write it on one line, in ASCII")
        })?;
        headers.push((name.clone(), value));
    }
    Ok(headers)
}

/// Above this a login takes seconds.
const COSTLY: u32 = 14;

fn users(root: &Section<'_>, warnings: &mut Vec<String>) -> Result<Users, ConfigError> {
    let mut users: BTreeMap<String, PasswordHash> = BTreeMap::new();
    for (name, Hash(hash)) in root.pairs("basic_auth_users")? {
        if hash.cost() > COSTLY {
            warnings.push(format!(
                "{}: a bcrypt cost of {} makes each login take seconds, and others wait; hash the \
                 password again, at 10 to 12",
                name.key,
                hash.cost()
            ));
        }
        users.insert(name.value, hash);
    }
    Ok(Users(users))
}

fn rate_limit(
    root: &Section<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<RateLimit>, ConfigError> {
    let section = root.section("rate_limit", &["interval", "burst"])?;
    let interval = maybe::<Nanoseconds>(&section, "interval")?;
    let burst = maybe::<Whole>(&section, "burst")?.map_or(0, |burst| burst.value.0);
    let Some(interval) = interval.filter(|interval| interval.value.0 != 0) else {
        return Ok(None);
    };
    let Some(interval) = interval.value.duration() else {
        warnings.push("rate_limit.interval: is negative, which limits nothing".into());
        return Ok(None);
    };
    if burst < 1 {
        warnings.push(
            "rate_limit.burst: is 0, so every request is refused, scrapes too; set 1 or more"
                .into(),
        );
    }
    Ok(Some(RateLimit { interval, burst: u32::try_from(burst.max(0)).unwrap_or(u32::MAX) }))
}
