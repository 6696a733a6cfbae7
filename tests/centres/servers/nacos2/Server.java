import com.alibaba.nacos.core.code.ControllerMethodsCache;
import com.alibaba.nacos.plugin.auth.exception.AccessException;
import com.alibaba.nacos.sys.filter.NacosTypeExcludeFilter;
import javax.annotation.PostConstruct;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.ServletComponentScan;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;

/**
 * Starts the configuration service of Nacos 2. The console isn't published for this version. Two things that it does are needed
 * for accounts, and are done here.
 */
@EnableAutoConfiguration
@EnableScheduling
@ComponentScan(
    basePackages = "com.alibaba.nacos",
    excludeFilters = {
        @Filter(type = FilterType.CUSTOM, classes = NacosTypeExcludeFilter.class),
        // The gRPC servers. They would listen on every interface.
        @Filter(type = FilterType.REGEX, pattern = "com[.]alibaba[.]nacos[.]core[.].*[.]Grpc[A-Za-z]*Server[A-Za-z]*")})
@ServletComponentScan("com.alibaba.nacos")
@Import(Server.Refusals.class)
public class Server {
    private final ControllerMethodsCache methods;

    public Server(ControllerMethodsCache methods) {
        this.methods = methods;
    }

    public static void main(String[] arguments) {
        SpringApplication.run(Server.class, arguments);
    }

    /** Credentials are asked for at the methods that are listed here. */
    @PostConstruct
    public void secure() {
        for (String part : new String[] {"core.controller", "config.server.controller", "plugin.auth.impl.controller"}) {
            methods.initClassMethod("com.alibaba.nacos." + part);
        }
    }

    /** A wrong name or password is answered with 403. Another handler would answer without a valid status. */
    @ControllerAdvice
    @Order(Ordered.HIGHEST_PRECEDENCE)
    public static class Refusals {
        @ExceptionHandler(AccessException.class)
        public ResponseEntity<String> refuse(AccessException error) {
            return ResponseEntity.status(HttpStatus.FORBIDDEN).body(error.getErrMsg());
        }
    }
}
