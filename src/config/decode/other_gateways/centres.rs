//! The names of fields of config centres.

use super::Words;

pub(super) const TABLE: &[Words] = words! {
    // An application in Spring Cloud Consul.
    "profileSeparator": "host hosts port address addr server_addr url uri endpoint domain spring.cloud.consul.host" =>
        "did you mean `cluster`?";
    "profileSeparator": "dc" =>
        "did you mean `datacenter`?";
    "profileSeparator": "aclToken consul.token spring.cloud.consul.token x-consul-token password" =>
        "did you mean `token`?";
    "profileSeparator": "longPoll waitTime watch watch.wait-time" =>
        "did you mean `wait`?";
    "profileSeparator": "prefixes folder path" =>
        "did you mean `prefix`?";
    "profileSeparator": "name spring.application.name" =>
        "did you mean `application`?";
    "profileSeparator": "profile spring.profiles.active" =>
        "did you mean `profiles`?";
    // An application in Eureka.
    "application basic": "serviceUrl service-url defaultZone eureka.client.service-url.defaultZone host hosts port address url uri endpoint" =>
        "did you mean `cluster`?";
    "application basic": "name app appName serviceName vipAddress spring.application.name" =>
        "did you mean `application`?";
    "application basic": "username user password" =>
        "write `basic: {username, password}`";
    "application basic": "contextPath prefix" =>
        "did you mean `path`?";
    // A key of Consul.
    "datacenter": "host hosts port address addr server_addr url uri endpoint domain" =>
        "did you mean `cluster`?";
    "datacenter": "dc consulDatacenter" =>
        "did you mean `datacenter`?";
    "datacenter": "aclToken acl_token consul.token authOptions.consulToken x-consul-token password" =>
        "did you mean `token`?";
    "datacenter": "longPoll waitTime wait_time watch watchDelay" =>
        "did you mean `wait`?";
    "datacenter": "path recurse folder" =>
        "write `key`, or `prefix` for all keys below it";
    "datacenter": "ns namespace" =>
        "write `headers: {x-consul-namespace: …}`";
    // An application in Spring Cloud Alibaba.
    "extension": "file-extension format type spring.cloud.nacos.config.file-extension" =>
        "did you mean `extension`?";
    "extension": "name prefix appName spring.application.name spring.cloud.nacos.config.name spring.cloud.nacos.config.prefix" =>
        "did you mean `application`?";
    "extension": "profile active spring.profiles.active" =>
        "did you mean `profiles`?";
    "extension": "groupName nacosGroup spring.cloud.nacos.config.group" =>
        "did you mean `group`?";
    "extension": "namespaceId nacosNamespaceId tenant spring.cloud.nacos.config.namespace" =>
        "did you mean `namespace`?";
    "extension": "dataId shared-configs extension-configs shared-dataids ext-config spring.config.import" =>
        "write a source `nacos` for each other data ID";
    "extension": "server-addr serverAddresses host hosts hostname domain port address url uri endpoint spring.cloud.nacos.config.server-addr" =>
        "write `cluster`, as Envoy calls it, and `authority`";
    "extension": "user spring.cloud.nacos.config.username" =>
        "did you mean `username`?";
    "extension": "refresh-enabled config-retry-time refreshable-dataids" =>
        "write `refresh` beside `springCloudAlibaba`";
    "extension": "longPoll config-long-poll-timeout" =>
        "leave it out: one small question is asked at each `refresh`";
    // An application in Spring Cloud Config.
    "application": "uri url address host server-addr spring.cloud.config.uri spring.config.import" =>
        "write `cluster` and `authority`, and `prefix` where the server has one";
    "application": "name appName spring.application.name spring.cloud.config.name" =>
        "did you mean `application`?";
    "application": "profiles spring.cloud.config.profile spring.profiles.active" =>
        "did you mean `profile`?";
    "application": "branch defaultLabel spring.cloud.config.label" =>
        "did you mean `label`?";
    "application": "user spring.cloud.config.username" =>
        "did you mean `username`?";
    "application": "spring.cloud.config.password" =>
        "did you mean `password`?";
    "application": "resolvePlaceholders" =>
        "write `merged: true`: the server resolves placeholders there";
    "application": "path resource" =>
        "did you mean `file`?";
    "application": "fail-fast retry discovery" =>
        "leave it out: the document is asked for until it comes, and again at each `refresh`";
    "application": "searchPaths searchLocations git" =>
        "leave it out: the server has it";
    // A data ID of ACM.
    "endpoint": "tenant namespaceId" =>
        "did you mean `namespace`?";
    "endpoint": "ak sk" =>
        "write `accessKey` and `secretKey`";
    "endpoint": "username password contextPath" =>
        "leave it out: ACM has none; Nacos is another kind";
    // A namespace of Apollo.
    "appId": "app.id app" =>
        "did you mean `appId`?";
    "appId": "secret accessKeySecret apollo.access-key.secret apollo.accesskey.secret" =>
        "did you mean `accessKey`?";
    "appId": "meta metaServer apollo.meta configService host port url uri address" =>
        "write `cluster`, as Envoy calls it, and `authority`: that of the config service";
    // A data ID of Nacos.
    "dataId": "groupName nacosGroups nacosGroup" =>
        "did you mean `group`?";
    "dataId": "namespaceId nacosNamespaceId tenant" =>
        "did you mean `namespace`?";
    "dataId": "ak sk nacosAccessKey nacosSecretKey" =>
        "write `accessKey` and `secretKey`";
    "dataId": "type fileExtension file-extension" =>
        "did you mean `format`?";
    "dataId": "server-addr serverAddresses host hosts hostname domain port address url uri endpoint nacosAddressServer spring.cloud.nacos.config.server-addr" =>
        "write `cluster`, as Envoy calls it, and `authority`";
    "dataId": "name spring.cloud.nacos.config.name spring.config.import" =>
        "did you mean `dataId`?";
    "dataId": "prefix" =>
        "write `contextPath: /nacos`, or `dataId` for a data ID";
    "dataId": "user spring.cloud.nacos.config.username" =>
        "did you mean `username`?";
    "dataId": "authSecretName" =>
        "write `username` and `password: {env: NAME}`";
    "dataId": "spring.cloud.nacos.config.namespace" =>
        "did you mean `namespace`?";
    "dataId": "spring.cloud.nacos.config.group" =>
        "did you mean `group`?";
    "dataId": "fetch_interval nacosRefreshInterval refresh-enabled config-retry-time" =>
        "write `refresh` beside `nacos`";
    "dataId": "config-long-poll-timeout" =>
        "did you mean `longPoll`?";
    "dataId": "shared-configs extension-configs shared-dataids" =>
        "write a source for each data ID";
    "dataId": "weight default_weight services" =>
        "leave it out: Envoy has the clusters";
    // A key of etcd.
    "key prefix": "host hosts endpoint endpoints address url uri server_addr" =>
        "write `cluster`, as Envoy calls it, and `authority`";
    "key prefix": "user" =>
        "did you mean `username`?";
    "key prefix": "keys path dir directory" =>
        "write `key`, or `prefix` for all keys below it";
    "key prefix": "tls ssl cert ca verify sni" =>
        "leave it out: the cluster has TLS";
    "key prefix": "watch_timeout resync_delay startup_retry health_check_timeout fetch_interval" =>
        "write `refresh` beside `etcd`";
    // An object of Kubernetes.
    "configMap": "name secretName secretRef" =>
        "write `configMap: NAME`, or `secret: NAME`";
    "configMap": "longPoll watch timeoutSeconds" =>
        "did you mean `wait`?";
    "configMap": "tokenFile serviceAccount" =>
        "write `token: {env: NAME}`, or let the cluster add the token";
};
