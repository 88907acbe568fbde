//! What can go wrong, in words for people: what happened, whether anything is lost, what to do.

use gridbook_sync::replica::ReplicaError;
use gridbook_sync::store::StoreError;

use crate::net::ApiError;

/// A failure that a person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The device is full.
    Full,
    /// The device's store failed; how, in words for people.
    Store(String),
    /// Nobody is signed in.
    SignedOut,
    /// The record is no longer on this device.
    Gone,
    /// No connection.
    Offline,
    /// The backend refused, in its own words.
    Refused {
        /// Machine code.
        code: String,
        /// Chinese.
        message: String,
    },
    /// The reference data could not be read.
    NoPackage,
    /// The part of the app that does this is not on the device yet.
    NotLoaded,
    /// The entered text is too long.
    TooLong,
}

impl Problem {
    /// What was to be written or read has no form that is known here.
    pub fn unreadable() -> Self {
        Self::Store("内容读不懂".to_owned())
    }

    /// For the screen, where something was only to be read: nothing was saved, and nothing failed to be.
    pub fn reading(&self) -> String {
        match self {
            Self::Store(name) => format!(
                "这台设备的存储暂时读不出来（{name}），已保存的没有丢。请关掉其他页面，重新打开网格簿再看。"
            ),
            other => other.message(),
        }
    }

    /// For the screen, where something other than an entry was to be done: nothing was typed that could be lost.
    pub fn doing(&self) -> String {
        match self {
            Self::Full => {
                "这台设备的存储已满，这次没有做成，已保存的没有丢。请删除一些照片或视频后再试。".to_owned()
            }
            Self::Store(name) => format!(
                "这台设备的存储暂时用不了（{name}），这次没有做成，已保存的没有丢。请关掉其他页面后再试。"
            ),
            Self::SignedOut => "还没有登录，什么也没有改动。请先登录再试。".to_owned(),
            other => other.message(),
        }
    }

    /// For the screen.
    pub fn message(&self) -> String {
        match self {
            Self::Full => {
                "这台设备的存储已满，这次没有保存成功，刚才填的内容还在草稿里。请删除一些照片或视频后再点保存。"
                    .to_owned()
            }
            Self::Store(name) => {
                format!(
                    "这台设备的存储暂时用不了（{name}），这次没有保存成功，刚才填的内容还在。请关掉其他页面后再点保存。"
                )
            }
            Self::SignedOut => "还没有登录，内容没有丢。请先登录再保存。".to_owned(),
            Self::Gone => "这条记录已不在您的范围内，本机不再保存。如有疑问请联系镇协调服务中心。".to_owned(),
            Self::Offline => "现在连不上网络，已保存的内容都在本机。请有信号时再试。".to_owned(),
            Self::Refused { message, .. } if !message.is_empty() => message.clone(),
            Self::Refused { .. } => "服务器没有接受这次请求，本机的内容没有丢。请稍后再试。".to_owned(),
            Self::NoPackage => "基础数据还没有下载好。请连上网络后重新打开，本机的记录没有丢。".to_owned(),
            Self::NotLoaded => {
                "网格簿还差一部分没有下载完，本机的记录没有丢。请连上网络，等一会儿再试。".to_owned()
            }
            Self::TooLong => "填写的内容太长，没有保存。请分成两条填写，刚才填的内容还在草稿里。".to_owned(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Quota => Self::Full,
            StoreError::Raced => Self::Store("另一个页面正在保存".to_owned()),
            StoreError::Lost(_) => Self::Store("连接断开".to_owned()),
            StoreError::Other { .. } => Self::Store("浏览器没有准许".to_owned()),
        }
    }
}

impl From<ReplicaError> for Problem {
    fn from(error: ReplicaError) -> Self {
        match error {
            ReplicaError::Store(error) => error.into(),
            ReplicaError::Op(_) => Self::TooLong,
            ReplicaError::Damaged(_) => Self::Store("有一部分读不出来".to_owned()),
            ReplicaError::Page => Self::Store("收到的内容读不懂".to_owned()),
            ReplicaError::Unknown => Self::Gone,
            // Of a backend's page: the engine takes another way before anybody hears of it.
        }
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Offline => Self::Offline,
            ApiError::Refused { code, message, .. } => Self::Refused { code, message },
        }
    }
}
