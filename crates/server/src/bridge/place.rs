//! Where a backend is, as the operator writes it.

use reqwest::Url;

/// What kind of backend stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server that keeps the contract and judges.
    Server,
    /// A WebDAV folder.
    WebDav,
    /// A CouchDB database.
    CouchDb,
}

/// A backend and the account there.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub kind: Kind,
    /// Its address, ending with a slash.
    pub address: String,
    /// Account and password, if it asks for them.
    pub login: Option<(String, String)>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password belongs into no log.
        f.debug_struct("Place")
            .field("kind", &self.kind)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Not of the form.
    #[error(
        "“{0}”读不懂：服务器写 https://网址，账号:密码文件；WebDAV 共享写 webdav:https://网址；CouchDB 写 couchdb:https://网址；\
         账号和密码文件用英文逗号、英文冒号隔开"
    )]
    Shape(String),
    /// A server without an account.
    #[error("服务器“{0}”要写账号：网址后面加 ,账号:密码文件")]
    NoAccount(String),
    /// The file with the password.
    #[error("“{0}”的密码文件读不了：{1}")]
    Password(String, std::io::Error),
}

impl Place {
    /// Reads `[webdav:|couchdb:]URL[,user:password-file]`.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let wrong = || PlaceError::Shape(text.to_owned());
        let (kind, rest) = match text.split_once(':') {
            Some(("webdav", rest)) => (Kind::WebDav, rest),
            Some(("couchdb", rest)) => (Kind::CouchDb, rest),
            _ => (Kind::Server, text),
        };
        let (address, login) = match rest.split_once(',') {
            Some((address, login)) => (address, Some(login)),
            None => (rest, None),
        };
        let url = Url::parse(address).map_err(|_| wrong())?;
        let bare = url.username().is_empty() && url.password().is_none();
        if !["http", "https"].contains(&url.scheme())
            || !bare
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(wrong());
        }
        let login = match login {
            None if kind == Kind::Server => return Err(PlaceError::NoAccount(address.to_owned())),
            None => None,
            Some(login) => {
                let (user, file) = login.split_once(':').ok_or_else(wrong)?;
                let password = std::fs::read_to_string(file)
                    .map_err(|error| PlaceError::Password(address.to_owned(), error))?;
                Some((user.to_owned(), password.trim_end_matches(['\r', '\n']).to_owned()))
            }
        };
        Ok(Self { kind, address: format!("{}/", url.as_str().trim_end_matches('/')), login })
    }

    /// Whether whoever may open it reads all of it.
    pub fn read_by_all(&self) -> bool {
        self.kind != Kind::Server
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "geheim-1\n").unwrap();
        let server = format!("https://grid.example.cn,zhuren01:{}", file.display());
        let server = Place::parse(&server).unwrap();
        assert_eq!((server.kind, server.address.as_str()), (Kind::Server, "https://grid.example.cn/"));
        assert_eq!(server.login, Some(("zhuren01".to_owned(), "geheim-1".to_owned())));
        assert!(!server.read_by_all() && !format!("{server:?}").contains("geheim"));
        let share = Place::parse("webdav:http://10.0.0.8/share/").unwrap();
        assert_eq!(
            (share.kind, share.address.as_str(), &share.login),
            (Kind::WebDav, "http://10.0.0.8/share/", &None)
        );
        assert!(share.read_by_all());
        assert_eq!(Place::parse("couchdb:http://10.0.0.8:5984/grid").unwrap().kind, Kind::CouchDb);
        let refused = |text: &str| Place::parse(text).unwrap_err();
        for bad in [
            "",
            "grid.example.cn",
            "webdav:ftp://h/",
            "couchdb:http://a:b@h/",
            "webdav:http://h/?x",
            "webdav:http://h/,a",
        ] {
            assert!(matches!(refused(bad), PlaceError::Shape(_)), "{bad}");
        }
        assert!(matches!(refused("https://grid.example.cn"), PlaceError::NoAccount(_)));
        assert!(matches!(refused("webdav:http://h/,a:/nowhere/at/all"), PlaceError::Password(..)));
    }
}
