package dev.nicol.policy.classify;

/** How secrets are written: alternatives of bounded patterns. */
final class Secrets {
    /** Keys whose issuers mark them. */
    static final String KEY_PREFIXES = "(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\\w{22,255}"
            + "|glpat-[\\w-]{20,64}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,128}|pk_(?:live|test)_[A-Za-z0-9]{10,128}"
            + "|sk-(?:ant-|proj-)?[\\w-]{20,200}|xox[abprs]-[\\w-]{10,255}|AIza[\\w-]{35}|ya29\\.[\\w-]{20,500}"
            + "|SG\\.[\\w-]{16,32}\\.[\\w-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[\\w-]{16,255}|hf_[A-Za-z0-9]{30,64}"
            + "|dop_v1_[a-f0-9]{64}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}|key-[0-9a-f]{32}";

    /** Hashes of passwords, which say what they are. */
    static final String PASSWORD_HASHES =
            "\\$2[abxy]?\\$\\d\\d\\$[./A-Za-z0-9]{53}|\\$argon2(?:id|i|d)\\$[^\\s]{20,300}"
                    + "|\\$[156]\\$[^\\s$]{0,40}\\$[./A-Za-z0-9]{20,100}|\\$scrypt\\$[^\\s]{20,300}|\\$s0\\$[^\\s]{20,300}|\\$pbkdf2[^\\s]{20,300}"
                    + "|pbkdf2(?:_|:)sha\\d{1,3}[$:][^\\s]{20,300}|\\{(?:S?SHA(?:256|512)?|bcrypt|MD5|CRYPT)\\}[^\\s]{16,200}"
                    + "|SCRAM-SHA-(?:1|256)\\$[^\\s]{20,300}|\\$(?:P|H)\\$[./A-Za-z0-9]{31}|\\$apr1\\$[^\\s]{10,60}";

    private Secrets() {}
}
